// The threshold line of a score histogram: dragged, or moved with the slider under it (mouse, touch, keyboard). `root` may be
// filled anew at any time: it alone listens. Says the same as `told_at` in charts.py.
function facegui_thresholds(root) {
  const LEFT = 60, RIGHT = 14, WIDTH = 440, CELLS = 200;
  const figure_of = (event) => event.target.closest ? event.target.closest('[data-histogram]') : null;
  const say = window.facegui_say || ((text) => text);  // a saved report stands alone, in English
  let dragged = null;

  function tell(figure, cell) {
    const data = JSON.parse(figure.dataset.histogram);
    const threshold = data.low + (data.high - data.low) * cell / CELLS;
    const part = (name, count, total) => total
      ? `${name} <b>${(100 * count / total).toFixed(2)} %</b> (${count} ${say('of')} ${total})` : `${name}: ${say('no searches')}`;
    figure.querySelector('.ev-told').innerHTML = [`<b>${threshold.toFixed(3)}</b>`,
      part(data.names[1], data.accepted[cell], data.nonmated), part(data.names[0], data.missed[cell], data.mated)].join(' · ');
    figure.querySelector('input').value = cell;
    figure.querySelector('.ev-threshold').setAttribute('transform', `translate(${LEFT + (WIDTH - LEFT - RIGHT) * cell / CELLS} 0)`);
  }

  function drag(event) {
    const box = dragged.querySelector('svg').getBoundingClientRect();
    const x = (event.clientX - box.left) * WIDTH / box.width;
    tell(dragged, Math.max(0, Math.min(CELLS, Math.round((x - LEFT) / (WIDTH - LEFT - RIGHT) * CELLS))));
    event.preventDefault();
  }

  root.addEventListener('pointerdown', (event) => {
    if (event.target.closest && event.target.closest('svg') && figure_of(event)) { dragged = figure_of(event); drag(event); }
  });
  window.addEventListener('pointermove', (event) => { if (dragged) { drag(event); } });
  window.addEventListener('pointerup', () => { dragged = null; });
  window.addEventListener('pointercancel', () => { dragged = null; });
  root.addEventListener('input', (event) => { if (figure_of(event)) { tell(figure_of(event), Number(event.target.value)); } });
}
