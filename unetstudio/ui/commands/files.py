"""Commands that open or write files: images, projects, masks, the history, the network."""

from __future__ import annotations

from unetstudio.ui.commands.window import Window


def open_images(window: Window) -> None:
    """Add images to the open project, or make a project beside them."""
    if paths := window.files.choose_images("Open images"):
        window.session.open_paths(paths)


def open_folder(window: Window) -> None:
    """Open all images of a folder, or the DICOM series in it."""
    if path := window.files.choose_folder("Open a folder of images or a DICOM series"):
        window.session.open_paths([path])


def open_project(window: Window) -> None:
    """Open a project, a folder whose name ends in .unetstudio."""
    if path := window.files.choose_folder("Open a project (a folder named ….unetstudio)"):
        window.session.open_paths([path])


def new_project(window: Window) -> None:
    """Close the open project and begin another with the chosen images."""
    if paths := window.files.choose_images("Images of the new project"):
        window.session.new_project(paths)


def import_masks(window: Window) -> None:
    """Turn masks made in other programs into labels of the cases with the same name."""
    if paths := window.files.choose_masks("Import masks, matched to the images by name"):
        window.session.mask_import.begin(paths)


def save_elsewhere(window: Window) -> None:
    """Copy the whole project into another folder and continue there."""
    if path := window.files.choose_folder("Save the project in another folder, best on another disk"):
        window.session.save_as.begin(path)


def export_history(window: Window) -> None:
    """Write who changed what in all cases, as CSV."""
    if (project := window.session.project) is None:
        return
    if path := window.files.choose_new_file("Export the history of all cases", f"{project.name} history.csv", "CSV (*.csv)"):
        window.session.history.export(path)


def export_network(window: Window) -> None:
    """Write the trained network as ONNX, for other programs."""
    if (project := window.session.project) is None:
        return
    if path := window.files.choose_new_file("Export the network as ONNX", f"{project.name}.onnx", "ONNX (*.onnx)"):
        window.session.networks.export(project.path, path)


def open_example(window: Window) -> None:
    """Open the example image in a separate project."""
    window.session.open_example()


def close_project(window: Window) -> None:
    """Return to the start page; everything is saved already."""
    window.session.gate.leave(window.session.close_project)


def quit_program(window: Window) -> None:
    """End the program; everything is saved already."""
    window.close()
