// Runs in the browser. Frames go to the coach one at a time; it answers how to sit, and takes the good ones itself.
const say = facegui_say, $ = (name) => element.querySelector('.fg-coach-' + name);
const video = $('video'), overlay = $('face'), button = $('start'), cameras = $('cameras'), now = $('now');
const WIDTH = 960, QUALITY = 0.92;
let stream = null, token = null, wanted = false, mirrored = true;

const TROUBLE = {
  NotAllowedError: say('The browser does not allow this page to use the camera. Click the camera sign beside the address, allow it, and start again.'),
  NotFoundError: say('No camera was found. Plug one in, or add photos above.'),
  NotReadableError: say('The camera is in use by another program. Close that one and start again.'),
  OverconstrainedError: say('This camera is gone. Choose another one.'),
};

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
  let [x1, y1, x2, y2] = box;
  if (mirrored) { [x1, x2] = [overlay.width - x2, overlay.width - x1]; }
  pen.lineWidth = overlay.width / 160;
  pen.strokeStyle = {red: '#ef4444', amber: '#f59e0b', green: '#14b8a6'}[light];
  pen.beginPath();
  pen.ellipse((x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) * 0.62, (y2 - y1) * 0.62, 0, 0, 2 * Math.PI);
  pen.stroke();
}

async function stop(text) {
  const last = token;
  token = null;
  if (stream) { stream.getTracks().forEach((track) => track.stop()); }
  stream = null; video.srcObject = null; draw(null); now.hidden = true;
  button.textContent = say('Start the camera');
  show('', text || '');
  if (last) { try { await server.coach_stop({token: last}); } catch (_) { /* the server is gone, and the sitting with it */ } }
}

async function start() {
  if (!navigator.mediaDevices) {
    show('red', say('The browser gives no camera to a page that comes over plain http from another machine. Open it on that machine itself as http://127.0.0.1, or over https: start facegui with --share, or with FACEGUI_SSL_CERT and FACEGUI_SSL_KEY.'));
    return;
  }
  button.disabled = true;
  try {
    const asked = {width: {ideal: WIDTH}, height: {ideal: 720}, ...(cameras.value ? {deviceId: {exact: cameras.value}} : {facingMode: 'user'})};
    stream = await navigator.mediaDevices.getUserMedia({video: asked, audio: false});
    mirrored = stream.getVideoTracks()[0].getSettings().facingMode !== 'environment';
    video.style.transform = mirrored ? 'scaleX(-1)' : '';
    video.srcObject = stream; await video.play();
    const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === 'videoinput');
    const chosen = cameras.value;
    cameras.hidden = found.length < 2;
    cameras.replaceChildren(...found.map((device, number) => new Option(device.label || say('Camera {n}', {n: number + 1}), device.deviceId)));
    if (chosen) { cameras.value = chosen; }
    const begun = await server.coach_start({});
    if (begun.error) { await stop(begun.error); return; }
    token = begun.token; button.textContent = say('Stop'); now.hidden = false; steps([]);
    run(token);
  } catch (error) {
    await stop(TROUBLE[error.name] || say('The camera could not be started ({error}).', {error: error.name}));
  } finally { button.disabled = false; }
}

async function run(mine) {
  const still = document.createElement('canvas');
  while (token === mine) {
    if (!element.isConnected) { await stop(); return; }
    if (element.offsetParent === null || document.hidden) { await new Promise((done) => setTimeout(done, 300)); continue; }
    const scale = Math.min(1, WIDTH / video.videoWidth);
    still.width = Math.round(video.videoWidth * scale); still.height = Math.round(video.videoHeight * scale);
    still.getContext('2d').drawImage(video, 0, 0, still.width, still.height);
    const asked = wanted;
    let answer;
    try { answer = await server.coach_see({token: mine, frame: still.toDataURL('image/jpeg', QUALITY), now: asked}); } catch (_) {
      await stop(say('The connection to facegui is lost. Start the camera again when it is back.')); return;
    }
    if (token !== mine) { return; }
    if (answer.error) { await stop(answer.error); return; }
    if (answer.busy) { continue; }
    if (asked) { wanted = false; }
    if (overlay.width !== still.width || overlay.height !== still.height) { overlay.width = still.width; overlay.height = still.height; }
    draw(answer.box, answer.light); show(answer.light, answer.text); steps(answer.done);
    element.dataset.done = answer.done.join(' ');
    if (answer.taken) {
      trigger('taken', {token: mine});
      $('stage').classList.add('fg-flash'); setTimeout(() => $('stage').classList.remove('fg-flash'), 350);
      if (answer.complete) { await new Promise((done) => setTimeout(done, 700)); await stop(answer.text); $('light').dataset.light = 'green'; return; }
    }
  }
}

button.addEventListener('click', () => stream ? stop() : start());
now.addEventListener('click', () => { wanted = true; });
cameras.addEventListener('change', async () => { if (stream) { await stop(); await start(); } });
window.addEventListener('pagehide', () => stop());
