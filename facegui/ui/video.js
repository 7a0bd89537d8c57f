// A bar or a face of the timeline jumps the player there; while it plays, whoever is on screen is marked.
const player = () => element.querySelector('video');

function mark() {
  const film = player(), line = element.querySelector('.fg-xray');
  if (!film || !line) { return; }
  const now = film.currentTime, here = [];
  line.style.setProperty('--now', Math.min(1, now / Number(line.dataset.seconds)));
  for (const row of line.querySelectorAll('[data-spans]')) {
    const there = row.dataset.spans.split(' ').some((span) => {
      const [start, end] = span.split('-').map(Number);
      return now >= start && now < end;
    });
    row.classList.toggle('fg-now', there);
    if (there) { here.push(row.querySelector('.fg-xray-name b').textContent); }
  }
  element.querySelector('.fg-video-now').textContent = here.length ? facegui_say('On screen: {names}', {names: here.join(', ')}) : facegui_say('Nobody on screen');
}

element.addEventListener('click', (event) => {
  const bar = event.target.closest('[data-jump]'), film = player();
  if (bar && film) { film.currentTime = Number(bar.dataset.jump); mark(); }
});
for (const name of ['timeupdate', 'seeked', 'loadedmetadata']) {
  element.addEventListener(name, mark, true);  // media events do not bubble, but they are seen on their way down
}
