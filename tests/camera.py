"""A fake camera for Chromium: RGB pictures as a .y4m file, which it plays in a loop."""

import cv2
import numpy as np

FLAGS = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


CARD = ".fg-live-card .fg-card"


def card(page):
    """What the card says of the face that is seen at this moment; clicked until there was one."""
    page.evaluate("document.querySelector('.fg-live-card').replaceChildren()")
    for _ in range(60):
        page.locator(".fg-live-boxes").click()
        page.wait_for_timeout(300)
        if page.locator(CARD).count():
            break
    page.wait_for_selector(CARD)
    return page.locator(".fg-live-card").inner_text()


def flags(path):
    return (*FLAGS, f"--use-file-for-fake-video-capture={path}")


def write(path, frames, fps=10):
    """frames: (height, width, 3) RGB uint8 each, of one even size; BT.601 as cameras send it."""
    height, width = frames[0].shape[:2]
    with open(path, "wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420mpeg2\n".encode())
        for frame in frames:
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


def scene(person, width=640, height=480, shift=0):
    """A square picture of a person in the middle of a wider room."""
    room = np.full((height, width, 3), 200, np.uint8)
    side = min(height, person.shape[0])
    left = (width - side) // 2 + shift
    room[height - side:, left:left + side] = cv2.resize(person, (side, side), interpolation=cv2.INTER_AREA)
    return room
