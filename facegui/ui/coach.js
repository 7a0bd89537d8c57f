// Runs in the browser. Frames go to the coach one at a time; it answers how to sit, and takes the good ones itself.
const $ = (name) => element.querySelector('.fg-coach-' + name);
const video = $('video'), overlay = $('face'), button = $('start'), cameras = $('cameras'), now = $('now');
const QUALITY = 0.92;
const camera = facegui_camera(video, cameras, button,
  {width: 960, height: 720, missing: say('No camera was found. Plug one in, or add photos above.')});
let token = null, wanted = false;

function show(light, text) {
  $('light').dataset.light = light; $('text').textContent = text;
}

function steps(done) {
  for (const step of element.querySelectorAll('[data-pose]')) { step.classList.toggle('fg-done', done.includes(step.dataset.pose)); }
}

function draw(box, light) {
  const pen = overlay.getContext('2d');
  pen.clearRect(0, 0, overlay.width, overlay.height);
  if (!box) { return; }
  const [, y1, , y2] = box, [x1, x2] = camera.across(box, overlay);
  pen.lineWidth = overlay.width / 160;
  pen.strokeStyle = {red: '#ef4444', amber: '#f59e0b', green: '#14b8a6'}[light];
  pen.beginPath();
  pen.ellipse((x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) * 0.62, (y2 - y1) * 0.62, 0, 0, 2 * Math.PI);
  pen.stroke();
}

async function stop(text) {
  const last = token;
  token = null;
  camera.stop(); draw(null); now.hidden = true;
  show('', text || '');
  if (last) { try { await server.coach_stop({token: last}); } catch (_) { /* the server is gone, and the sitting with it */ } }
}

async function start() {
  if (!navigator.mediaDevices) { show('red', PLAIN_HTTP); return; }
  await camera.start(async () => {
    const begun = await server.coach_start({});
    if (begun.error) { await stop(begun.error); return; }
    token = begun.token; now.hidden = false; steps([]);
    run(token);
  }, stop);
}

async function run(mine) {
  while (token === mine) {
    if (!element.isConnected) { await stop(); return; }
    if (element.offsetParent === null || document.hidden) { await new Promise((done) => setTimeout(done, 300)); continue; }
    const asked = wanted;
    let answer;
    try { answer = await server.coach_see({token: mine, frame: camera.take(QUALITY), now: asked}); } catch (_) {
      await stop(LOST); return;
    }
    if (token !== mine) { return; }
    if (answer.error) { await stop(answer.error); return; }
    if (answer.busy) { continue; }
    if (asked) { wanted = false; }
    camera.fit(overlay);
    draw(answer.box, answer.light); show(answer.light, answer.text); steps(answer.done);
    element.dataset.done = answer.done.join(' ');
    if (answer.taken) {
      trigger('taken', {token: mine});
      $('stage').classList.add('fg-flash'); setTimeout(() => $('stage').classList.remove('fg-flash'), 350);
      if (answer.complete) { await new Promise((done) => setTimeout(done, 700)); await stop(answer.text); $('light').dataset.light = 'green'; return; }
    }
  }
}

button.addEventListener('click', () => camera.on ? stop() : start());
now.addEventListener('click', () => { wanted = true; });
cameras.addEventListener('change', async () => { if (camera.on) { await stop(); await start(); } });
window.addEventListener('pagehide', () => stop());
