"""nova's own fake hypervisor, with what cinder and glance need of a hypervisor.

The stock one uploads nothing for the image of a server, which stays `queued`, and does
not do its part in a snapshot of a volume in use, which stays `creating`.
"""

import subprocess
import tempfile
from pathlib import Path

import nova.conf
from nova import exception
from nova.compute import task_states
from nova.image import glance
from nova.virt import fake
from nova.volume import cinder


# this base keeps the identity of its node in a file, so the service can be started again
class CopyingFakeDriver(fake.FakeDriverWithoutFakeNodes):
    def __init__(self, virtapi, read_only=False):
        super().__init__(virtapi, read_only)
        self._images = glance.API()
        self._volumes = cinder.API()

    def volume_snapshot_create(self, context, instance, volume_id, create_info):
        """Say it is done: cinder has made the new file, and no guest writes to the old one."""
        self._volumes.update_snapshot_status(context, create_info["snapshot_id"], "creating")

    def volume_snapshot_delete(self, context, instance, volume_id, snapshot_id, delete_info):
        """Merge the files of the newest snapshot, as a hypervisor does under a running guest."""
        if delete_info["merge_target_file"] is not None:
            raise exception.InternalError("only the newest snapshot can be deleted here")
        mounts = Path(nova.conf.CONF.state_path).parent / "mounts"
        files = [file for file in mounts.glob(f"*/volume-{volume_id}.*") if file.suffix != ".info"]
        newest = max(files, key=lambda file: file.stat().st_mtime)
        base = delete_info["file_to_merge"] or ""
        # the volume itself is raw, every file on top of it is not
        kind = ["-F", "qcow2" if Path(base).suffix else "raw"] if base else []
        subprocess.run(["qemu-img", "rebase", "-b", base, *kind, newest], check=True)
        self._volumes.update_snapshot_status(context, snapshot_id, "deleting")

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
