"""The clinician's material: scans, label maps and their edits, cases, classes, predictions, geometry, intensities, colours."""
