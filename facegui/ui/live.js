// Runs in the browser. The video never leaves it except as single small pictures, one at a time, that are answered and dropped.
const $ = (name) => element.querySelector('.fg-live-' + name);
const video = $('video'), overlay = $('boxes'), button = $('start'), cameras = $('cameras'), numbers = $('numbers');
const COLOURS = {known: '#14b8a6', unknown: '#f59e0b', possible: '#818cf8', looking: '#94a3b8'};
const camera = facegui_camera(video, cameras, button,
  {width: 640, height: 480, missing: say('No camera was found. Plug one in, or use the Photo tab.')});
let token = null, faces = [];

function show(text, kind) {
  const note = $('note');
  note.textContent = text; note.hidden = !text; note.className = 'fg-live-note fg-note ' + (kind ? 'fg-' + kind : '');
}

function draw() {
  const pen = overlay.getContext('2d');
  pen.clearRect(0, 0, overlay.width, overlay.height);
  const letters = 15 * overlay.width / (overlay.clientWidth || overlay.width);  // 15 px on the screen, whatever its width
  pen.font = '600 ' + letters + 'px system-ui, sans-serif';
  for (const face of faces) {
    const [, y1, , y2] = face.box, [x1, x2] = camera.across(face.box, overlay);
    const label = face.state === 'known' ? face.name : face.state === 'possible' ? say('Is this {name}?', {name: face.name}) : face.state === 'unknown' ? say('unknown') : '\u2026';
    const high = letters * 1.5, wide = pen.measureText(label).width + letters;
    pen.strokeStyle = pen.fillStyle = COLOURS[face.state];
    pen.lineWidth = letters / 5;
    pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    const top = y1 > high ? y1 - high : y2;
    pen.fillRect(x1, top, wide, high);
    pen.fillStyle = '#0f172a';
    pen.fillText(label, x1 + letters / 2, top + high * 0.72);
  }
  overlay.dataset.names = faces.map((face) => face.state === 'known' ? face.name : face.state).join('|');
}

async function stop(text) {
  const last = token;
  token = null;
  camera.stop(); faces = []; draw(); numbers.textContent = '';
  show(text || '', text ? 'warn' : '');
  for (const one of element.querySelectorAll('.fg-live-card [data-pick^=reject]')) { one.remove(); }  // the look is forgotten with the camera
  if (last) { try { await server.live_stop({token: last}); } catch (_) { /* the server is gone, and the camera with it */ } }
}

async function start() {
  if (!navigator.mediaDevices) { show(PLAIN_HTTP, 'warn'); return; }
  await camera.start(async () => {
    const begun = await server.live_start({});
    if (begun.error) { await stop(begun.error); return; }
    token = begun.token; show('');
    run(token);
  }, stop);
}

function fresh() {  // resolves when the camera has shown its next picture; without it the same one would be asked about twice
  return new Promise((done) => { setTimeout(done, video.requestVideoFrameCallback ? 200 : 15); video.requestVideoFrameCallback?.(done); });
}

async function run(mine) {
  const times = [];
  let taken = -1;
  while (token === mine) {
    if (!element.isConnected || element.offsetParent === null || document.hidden) {
      if (!element.isConnected) { await stop(); return; }
      faces = []; draw(); await new Promise((done) => setTimeout(done, 300)); continue;
    }
    const shown = video.getVideoPlaybackQuality().totalVideoFrames;
    if (shown === taken) { await fresh(); continue; }
    taken = shown;
    const frame = camera.take(0.8);
    const sent = performance.now();
    let answer;
    try { answer = await server.live_see({token: mine, frame}); } catch (_) {
      await stop(LOST); return;
    }
    if (token !== mine) { return; }
    if (answer.error) { await stop(answer.error); return; }
    if (answer.busy) { continue; }
    camera.fit(overlay);
    faces = answer.faces; draw();
    const now = performance.now();
    times.push([now, now - sent]); if (times.length > 20) { times.shift(); }
    if (times.length > 2) {
      const rate = 1000 * (times.length - 1) / (now - times[0][0]);
      const mean = times.reduce((sum, one) => sum + one[1], 0) / times.length;
      numbers.textContent = say('{rate} pictures per second, {ms} ms each', {rate: rate.toFixed(1), ms: mean.toFixed(0)});
      numbers.dataset.rate = rate.toFixed(2); numbers.dataset.ms = mean.toFixed(1);
    }
  }
}

button.addEventListener('click', () => camera.on ? stop() : start());
cameras.addEventListener('change', async () => { if (camera.on) { await stop(); await start(); } });

let turn = Promise.resolve();
function inTurn(ask) {  // cards come in the order of the clicks, so that what is decided is about the face that is seen
  turn = turn.then(ask).then((answer) => {
    if (answer?.card) { $('card').innerHTML = answer.card; } else if (answer) { show(answer.error || '', 'warn'); }
  }).catch(() => show(LOST, 'warn'));
  return turn;
}
async function card(asked, number) {
  const answer = asked === token && await server.live_card({token: asked, number});
  return asked === token ? answer : null;  // the camera is off: its faces are forgotten
}

overlay.addEventListener('click', (event) => {
  const place = overlay.getBoundingClientRect();
  let x = (event.clientX - place.left) * overlay.width / place.width;
  const y = (event.clientY - place.top) * overlay.height / place.height;
  if (camera.mirrored) { x = overlay.width - x; }
  const hit = faces.find(({box}) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]);
  if (hit && token) { const asked = token; inTurn(() => card(asked, hit.number)); }
});
$('card').addEventListener('click', async (event) => {
  const pick = event.target.closest('[data-pick]');
  if (!pick) { return; }
  pick.disabled = true;
  await inTurn(() => pick.isConnected && server.live_decide({token, pick: pick.dataset.pick}));
  pick.disabled = false;
});
window.addEventListener('pagehide', () => stop());
