"""nova's own fake hypervisor, with an image of a server that has bytes.

The stock one uploads nothing when a server's image is asked for, and the image stays `queued`.
"""

import tempfile
from pathlib import Path

from nova import exception
from nova.compute import task_states
from nova.image import glance
from nova.virt import fake


# this base keeps the identity of its node in a file, so the service can be started again
class CopyingFakeDriver(fake.FakeDriverWithoutFakeNodes):
    def __init__(self, virtapi, read_only=False):
        super().__init__(virtapi, read_only)
        self._images = glance.API()

    def snapshot(self, context, instance, image_id, update_task_state):
        """Upload the bytes of the image the server was made from."""
        if instance.uuid not in self.instances:
            raise exception.InstanceNotRunning(instance_id=instance.uuid)
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        origin = self._images.get(context, instance.image_ref)
        wanted = self._images.get(context, image_id)
        update_task_state(
            task_state=task_states.IMAGE_UPLOADING, expected_state=task_states.IMAGE_PENDING_UPLOAD
        )
        with tempfile.NamedTemporaryFile(prefix="interop-stack-") as copy:
            self._images.download(context, instance.image_ref, dest_path=copy.name)
            formats = {key: origin[key] for key in ("disk_format", "container_format")}
            about = {"status": "active", "name": wanted["name"], "properties": {}, **formats}
            with Path(copy.name).open("rb") as data:
                self._images.update(context, image_id, about, data)
