// Runs in the browser. The video never leaves it except as single small pictures, one at a time, that are answered and dropped.
const say = facegui_say, $ = (name) => element.querySelector('.fg-live-' + name);
const video = $('video'), overlay = $('boxes'), button = $('start'), cameras = $('cameras'), numbers = $('numbers');
const WIDTH = 640, COLOURS = {known: '#14b8a6', unknown: '#f59e0b', possible: '#818cf8', looking: '#94a3b8'};
let stream = null, token = null, faces = [], mirrored = true;

const TROUBLE = {
  NotAllowedError: say('The browser does not allow this page to use the camera. Click the camera sign beside the address, allow it, and start again.'),
  NotFoundError: say('No camera was found. Plug one in, or use the Photo tab.'),
  NotReadableError: say('The camera is in use by another program. Close that one and start again.'),
  OverconstrainedError: say('This camera is gone. Choose another one.'),
};

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
    let [x1, y1, x2, y2] = face.box;
    if (mirrored) { [x1, x2] = [overlay.width - x2, overlay.width - x1]; }
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
  if (stream) { stream.getTracks().forEach((track) => track.stop()); }
  stream = null; video.srcObject = null; faces = []; draw(); numbers.textContent = '';
  button.textContent = say('Start the camera');
  show(text || '', text ? 'warn' : '');
  for (const one of element.querySelectorAll('.fg-live-card [data-pick^=reject]')) { one.remove(); }  // the look is forgotten with the camera
  if (last) { try { await server.live_stop({token: last}); } catch (_) { /* the server is gone, and the camera with it */ } }
}

async function list() {
  const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === 'videoinput');
  cameras.hidden = found.length < 2;
  const chosen = cameras.value;
  cameras.replaceChildren(...found.map((device, number) => new Option(device.label || say('Camera {n}', {n: number + 1}), device.deviceId)));
  if (chosen) { cameras.value = chosen; }
}

async function start() {
  if (!navigator.mediaDevices) {
    show(say('The browser gives no camera to a page that comes over plain http from another machine. Open it on that machine itself as http://127.0.0.1, or over https: start facegui with --share, or with FACEGUI_SSL_CERT and FACEGUI_SSL_KEY.'), 'warn');
    return;
  }
  button.disabled = true;
  try {
    const wanted = {width: {ideal: WIDTH}, height: {ideal: 480}, ...(cameras.value ? {deviceId: {exact: cameras.value}} : {facingMode: 'user'})};
    stream = await navigator.mediaDevices.getUserMedia({video: wanted, audio: false});
    const facing = stream.getVideoTracks()[0].getSettings().facingMode;
    mirrored = facing !== 'environment';
    video.style.transform = mirrored ? 'scaleX(-1)' : '';
    video.srcObject = stream; await video.play(); await list();
    const begun = await server.live_start({});
    if (begun.error) { await stop(begun.error); return; }
    token = begun.token; button.textContent = say('Stop'); show('');
    run(token);
  } catch (error) {
    await stop(TROUBLE[error.name] || say('The camera could not be started ({error}).', {error: error.name}));
  } finally { button.disabled = false; }
}

function fresh() {  // resolves when the camera has shown its next picture; without it the same one would be asked about twice
  return new Promise((done) => { setTimeout(done, video.requestVideoFrameCallback ? 200 : 15); video.requestVideoFrameCallback?.(done); });
}

async function run(mine) {
  const still = document.createElement('canvas'), times = [];
  let taken = -1;
  while (token === mine) {
    if (!element.isConnected || element.offsetParent === null || document.hidden) {
      if (!element.isConnected) { await stop(); return; }
      faces = []; draw(); await new Promise((done) => setTimeout(done, 300)); continue;
    }
    const shown = video.getVideoPlaybackQuality().totalVideoFrames;
    if (shown === taken) { await fresh(); continue; }
    taken = shown;
    const scale = Math.min(1, WIDTH / video.videoWidth);
    still.width = Math.round(video.videoWidth * scale); still.height = Math.round(video.videoHeight * scale);
    still.getContext('2d').drawImage(video, 0, 0, still.width, still.height);
    const sent = performance.now();
    let answer;
    try { answer = await server.live_see({token: mine, frame: still.toDataURL('image/jpeg', 0.8)}); } catch (_) {
      await stop(say('The connection to facegui is lost. Start the camera again when it is back.')); return;
    }
    if (token !== mine) { return; }
    if (answer.error) { await stop(answer.error); return; }
    if (answer.busy) { continue; }
    if (overlay.width !== still.width || overlay.height !== still.height) { overlay.width = still.width; overlay.height = still.height; }
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

button.addEventListener('click', () => stream ? stop() : start());
cameras.addEventListener('change', async () => { if (stream) { await stop(); await start(); } });
overlay.addEventListener('click', async (event) => {
  const place = overlay.getBoundingClientRect();
  let x = (event.clientX - place.left) * overlay.width / place.width;
  const y = (event.clientY - place.top) * overlay.height / place.height;
  if (mirrored) { x = overlay.width - x; }
  const hit = faces.find(({box}) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]);
  if (!hit || !token) { return; }
  const answer = await server.live_card({token, number: hit.number});
  if (answer.card) { $('card').innerHTML = answer.card; } else { show(answer.error || '', 'warn'); }
});
$('card').addEventListener('click', async (event) => {
  const pick = event.target.closest('[data-pick]');
  if (!pick) { return; }
  pick.disabled = true;
  const answer = await server.live_decide({token, pick: pick.dataset.pick});
  if (answer.card) { $('card').innerHTML = answer.card; } else { show(answer.error || '', 'warn'); }
});
window.addEventListener('pagehide', () => stop());
