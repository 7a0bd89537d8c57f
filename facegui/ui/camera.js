// Shared by the tabs with a live camera; stands before their own script. `missing`: what to do where no camera was found.
const say = facegui_say;
const PLAIN_HTTP = say('The browser gives no camera to a page that comes over plain http from another machine. Open it on that machine itself as http://127.0.0.1, or over https: start facegui with --share, or with FACEGUI_SSL_CERT and FACEGUI_SSL_KEY.');
const LOST = say('The connection to facegui is lost. Start the camera again when it is back.');

function facegui_camera(video, cameras, button, {width, height, missing}) {
  const TROUBLE = {
    NotAllowedError: say('The browser does not allow this page to use the camera. Click the camera sign beside the address, allow it, and start again.'),
    NotFoundError: missing,
    NotReadableError: say('The camera is in use by another program. Close that one and start again.'),
    OverconstrainedError: say('This camera is gone. Choose another one.'),
  };
  const still = document.createElement('canvas');
  const camera = {on: false, mirrored: true};
  let stream = null;

  async function list() {
    const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === 'videoinput');
    const chosen = cameras.value;
    cameras.hidden = found.length < 2;
    cameras.replaceChildren(...found.map((device, number) => new Option(device.label || say('Camera {n}', {n: number + 1}), device.deviceId)));
    if (chosen) { cameras.value = chosen; }
  }

  // Shows the chosen camera's picture, then waits for begin(), which asks the server for its place. Whatever fails is told to
  // stop(sentence).
  camera.start = async (begin, stop) => {
    button.disabled = cameras.disabled = true;  // one start at a time
    try {
      const wanted = {width: {ideal: width}, height: {ideal: height}, ...(cameras.value ? {deviceId: {exact: cameras.value}} : {facingMode: 'user'})};
      stream = await navigator.mediaDevices.getUserMedia({video: wanted, audio: false});
      camera.on = true;
      camera.mirrored = stream.getVideoTracks()[0].getSettings().facingMode !== 'environment';
      video.style.transform = camera.mirrored ? 'scaleX(-1)' : '';
      video.srcObject = stream; await video.play(); await list();
      await begin();
      if (camera.on) { button.textContent = say('Stop'); }
    } catch (error) {
      await stop(TROUBLE[error.name] || say('The camera could not be started ({error}).', {error: error.name}));
    } finally { button.disabled = cameras.disabled = false; }
  };

  camera.stop = () => {
    if (stream) { stream.getTracks().forEach((track) => track.stop()); }
    stream = null; camera.on = false; video.srcObject = null;
    button.textContent = say('Start the camera');
  };

  // The picture of this moment as a data address; fit() makes an overlay as large as it, which wipes one of another size.
  camera.take = (quality) => {
    const scale = Math.min(1, width / video.videoWidth);
    still.width = Math.round(video.videoWidth * scale); still.height = Math.round(video.videoHeight * scale);
    still.getContext('2d').drawImage(video, 0, 0, still.width, still.height);
    return still.toDataURL('image/jpeg', quality);
  };
  camera.fit = (overlay) => {
    if (overlay.width !== still.width || overlay.height !== still.height) { overlay.width = still.width; overlay.height = still.height; }
  };
  camera.across = ([x1, , x2], overlay) => camera.mirrored ? [overlay.width - x2, overlay.width - x1] : [x1, x2];  // a box as it is seen
  return camera;
}
