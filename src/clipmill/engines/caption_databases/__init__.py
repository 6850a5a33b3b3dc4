"""The databases of a captioned video, as files: values in, values out; where the files lie is somebody else's concern."""
