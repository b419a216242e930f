"""The picture of a step, with the words of the flow that belong on it."""

from dataclasses import replace

from tokenbroker.flow.model import Step
from tokenbroker.run.pictures.camera import Camera
from tokenbroker.run.pictures.label import Label, labels_of
from tokenbroker.run.pictures.picture import Picture, nothing
from tokenbroker.run.stage import Stage


def picture_of(camera: Camera | None, stage: Stage, *, may_be_unchanged: bool) -> Picture | None:
    """What the page shows now; None where no pictures are taken."""
    if camera is None:
        return None
    try:
        if stage.guide is not None:
            stage.guide.rest(stage)
        return camera.shoot(stage.page, may_be_unchanged=may_be_unchanged)
    except Exception as error:  # noqa: BLE001  a picture is not worth the run, nor the step's own error
        return nothing(f"the camera failed ({type(error).__name__})")


def labels_for(camera: Camera | None, picture: Picture | None, step: Step, stage: Stage) -> tuple[Label, ...]:
    """What the flow says, for the picture; a page that gave no picture is not asked, nor one whose frame has gone."""
    if camera is None or picture is None or not picture.data:
        return ()
    try:
        page, there = stage.page, stage.has_frame()
        if stage.acts.has_left or not there:
            return ()
        found = labels_of(step, stage.frame(), stage.acts.element, lambda js: camera.ask(page, js))
    except Exception:  # noqa: BLE001  as for the picture
        return ()
    return tuple(replace(label, text=stage.redactor.text(label.text)) for label in found)
