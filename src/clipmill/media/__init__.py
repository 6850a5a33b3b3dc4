"""Values of the field: time, geometry, tracks, timelines, sound, transitions, chapters. Pure, no input or output."""
