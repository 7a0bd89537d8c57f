"""The Train tab: what can be trained today, and how."""

from __future__ import annotations

import gradio as gr

TEXT = """
### Recognition works without training

People are enrolled in seconds, and the network that comes with facegui is not changed by it. Training makes a **new network**:
useful when your pictures are of another kind than those it was made from.

Training runs on the command line for now, where a closed browser cannot stop it:

```
python -m facegui train --help
```

Data is a folder with one sub-folder of face photos per person. A network is judged on people it has never seen, masked and
bare apart, and takes over only when you say so, with `python -m facegui models use NAME` followed by `reembed`.
"""


def tab() -> None:
    gr.Markdown(TEXT, elem_classes="fg-prose")
