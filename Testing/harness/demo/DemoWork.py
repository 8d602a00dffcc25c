"""The demo's work, one slab at a time in Slicer's own event loop."""

import qt
import slicer


class Work:
    """One slab a tick of a timer."""

    def __init__(self, parameters, progress, end):
        self.source = slicer.util.arrayFromVolume(parameters.inputVolume)
        self.output = parameters.outputVolume
        self.amount, self.slabs, self.done = parameters.amount, parameters.slabs, 0
        self.progress, self.end = progress, end
        self.timer = qt.QTimer()
        self.timer.interval = parameters.speed.value
        self.timer.timeout.connect(self.step)
        self.timer.start()

    def step(self):
        """One slab."""
        self.done += 1
        self.progress(self.done / self.slabs)
        if self.done == self.slabs:
            slicer.util.updateVolumeFromArray(self.output, self.source + self.amount)
            self.stop("done")

    def cancel(self):
        """Stop with nothing written."""
        self.stop("cancelled")

    def stop(self, words):
        """No tick after this."""
        self.timer.stop()
        self.end(words)
