#!/usr/bin/env python3
"""Build "micro", a tiny real guest: a distribution kernel, busybox and GRUB on one disk.

    build.py OUT.qcow2

The disk boots under BIOS and UEFI. Nothing is mounted and no loop device is used, so it
builds anywhere, without root; it takes about ten seconds. An image that was built from the same
files is kept. The packages come from the archive this machine already uses.
"""

import fcntl
import gzip
import hashlib
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
SECTOR = 512
DISK_SIZE = 96 * MIB
BIOS_BOOT_AT, ESP_AT, ROOT_AT = 1 * MIB, 2 * MIB, 10 * MIB  # the gaps are their sizes
ROOT_SIZE = DISK_SIZE - ROOT_AT - MIB  # the last MiB holds the backup partition table
ROOT_UUID = "5f6b1f3e-6d2c-4c0e-9a51-0c9f6d3b7a10"  # GRUB finds its files by it

KERNEL_METAPACKAGES = ("linux-image-cloud-amd64", "linux-image-virtual")  # Debian, Ubuntu
APPLETS = """
    acpid awk cat chmod cp cttyhack cut date dd dmesg echo grep head hostname ifconfig
    insmod ip ln ls mkdir mount nc nproc poweroff reboot sed seq setsid sh sha256sum sleep
    sync tail tr udhcpc umount uname wc
"""
# the buses a cloud may put our disks and network on, the seed's file system, the power button
MODULES = """
    virtio_pci virtio_blk virtio_scsi virtio_net virtio_console virtio_rng sd_mod sr_mod nvme
    ext4 isofs vfat ena xen_blkfront xen_netfront hv_storvsc hv_netvsc button evdev
"""
GRUB_MODULES = """
    part_gpt ext2 fat normal linux configfile search search_fs_uuid serial terminal echo
"""
PARTITIONS = f"""label: gpt
start={BIOS_BOOT_AT // SECTOR}, size={(ESP_AT - BIOS_BOOT_AT) // SECTOR}, \
type=21686148-6449-6E6F-744E-656564454649, name=bios
start={ESP_AT // SECTOR}, size={(ROOT_AT - ESP_AT) // SECTOR}, \
type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp
start={ROOT_AT // SECTOR}, size={ROOT_SIZE // SECTOR}, \
type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=root
"""


def run(*command: str | Path, cwd: Path | None = None, stdin: str | None = None) -> str:
    """Return what the command printed; exit with its complaint where it fails."""
    # depmod, mke2fs and sfdisk live where only root looks
    environment = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd, input=stdin, env=environment, text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr or done.stdout}")
    return done.stdout


def download(folder: Path) -> Path:
    """Return a tree with kernel, modules, busybox and GRUB in it, unpacked and not installed."""
    kernel = []
    for metapackage in KERNEL_METAPACKAGES:
        # Ubuntu keeps the modules apart from the image
        found = subprocess.run(
            ["apt-cache", "depends", metapackage], text=True, capture_output=True, check=False
        ).stdout
        kernel = re.findall(r"Depends: (linux-(?:image|modules)-\d\S*)", found)
        if kernel and not any(name.startswith("linux-modules") for name in kernel):
            more = run("apt-cache", "depends", kernel[0])
            kernel += re.findall(r"Depends: (linux-modules-\d\S*)", more)
        if kernel:
            break
    if not kernel:
        sys.exit("no kernel package known to apt: run apt-get update")
    packages = [*kernel, "busybox-static", "grub-pc-bin", "grub-efi-amd64-bin"]
    # the sandbox user cannot write here; nothing but the download runs
    run("apt-get", "-qq", "-o", "APT::Sandbox::User=", "download", *packages, cwd=folder)
    tree = folder / "tree"
    for package in folder.glob("*.deb"):
        run("dpkg-deb", "-x", package, tree)
    return tree


def unpacked(module: Path) -> bytes:
    """Return the bytes of a kernel module, which newer distributions compress."""
    match module.suffix:
        case ".xz":
            return lzma.decompress(module.read_bytes())
        case ".zst":
            return subprocess.run(
                ["zstd", "-dc", module], check=True, stdout=subprocess.PIPE
            ).stdout
        case _:
            return module.read_bytes()


def copy_modules(tree: Path, version: str, folder: Path) -> None:
    """Put our modules and what they depend on into `folder`, numbered in load order."""
    run("depmod", "-b", tree, version)
    wanted: dict[str, None] = {}
    for name in MODULES.split():
        shown = subprocess.run(
            ["/sbin/modprobe", "-d", tree, "-S", version, "--show-depends", name],
            text=True, capture_output=True, check=False,
        ).stdout  # fmt: skip
        # nothing is shown for what this kernel lacks, "builtin" for what it has inside
        wanted |= dict.fromkeys(re.findall(r"^insmod (\S+)", shown, re.MULTILINE))
    for number, path in enumerate(map(Path, wanted)):
        name = path.name.partition(".ko")[0] + ".ko"
        (folder / f"{number:03}-{name}").write_bytes(unpacked(path))


def initramfs(tree: Path, version: str, work: Path) -> bytes:
    """Return the packed initramfs."""
    top = work / "initramfs"
    for name in ("bin", "proc", "sys", "dev", "run", "etc", "tmp", "mnt", "seed", "lib/modules"):
        (top / name).mkdir(parents=True)
    busybox = next(path for path in tree.rglob("busybox") if path.parent.name == "bin")
    shutil.copy(busybox, top / "bin/busybox")
    for applet in APPLETS.split():
        (top / "bin" / applet).symlink_to("busybox")
    copy_modules(tree, version, top / "lib/modules")
    for source, target in (("init", "init"), ("udhcpc.script", "bin/udhcpc.script")):
        shutil.copy(HERE / source, top / target)
        (top / target).chmod(0o755)
    names = "".join(f"{path.relative_to(top)}\n" for path in sorted(top.rglob("*")))
    archive = subprocess.run(
        ["cpio", "--quiet", "--create", "--format=newc", "--owner=0:0"],
        cwd=top, input=names.encode(), stdout=subprocess.PIPE, check=True,
    ).stdout  # fmt: skip
    return gzip.compress(archive, compresslevel=1, mtime=0)


def boot_loader(tree: Path, work: Path, format: str, *extra: str) -> Path:
    """Return a GRUB image that finds grub.cfg on our root file system."""
    early = work / "early.cfg"
    early.write_text(
        f"search --no-floppy --fs-uuid --set=root {ROOT_UUID}\nset prefix=($root)/boot/grub\n"
    )
    image = work / f"grub-{format}"
    modules = tree / "usr/lib/grub" / format
    run("grub-mkimage", "-d", modules, "-O", format, "-o", image, "-c", early,
        "-p", "/boot/grub", *GRUB_MODULES.split(), *extra)  # fmt: skip
    return image


def write_bios_loader(disk: Path, boot: bytes, core: bytes) -> None:
    """Put GRUB's two BIOS stages on the disk, telling each where the next one is.

    What grub-bios-setup does; the offsets are GRUB's, grub-core/boot/i386/pc/boot.S (0x5c: the
    sector of the core image) and diskboot.S (the block list ends the first sector).
    """
    first = BIOS_BOOT_AT // SECTOR
    sectors = -(-len(core) // SECTOR)
    assert sectors * SECTOR <= ESP_AT - BIOS_BOOT_AT
    load_segment = 0x820  # GRUB_BOOT_MACHINE_KERNEL_SEG + the sector loaded already
    with disk.open("r+b") as file:
        # stop before the disk signature and the protective partition table
        file.write(boot[:0x5C] + struct.pack("<Q", first) + boot[0x64:440])
        file.seek(BIOS_BOOT_AT)
        file.write(core[:500] + struct.pack("<QHH", first + 1, sectors - 1, load_segment))
        file.write(core[512:])


def insert(disk: Path, image: Path, offset: int) -> None:
    """Copy a partition's content into the disk."""
    run("dd", f"if={image}", f"of={disk}", "bs=1M", f"seek={offset // MIB}",
        "conv=notrunc,sparse", "status=none")  # fmt: skip


def build(out: Path) -> None:
    """Make the guest's disk at `out`, all of it or nothing."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="micro-") as folder:
        work = Path(folder)
        tree = download(work)
        kernel = next((tree / "boot").glob("vmlinuz-*"))
        root = work / "root"
        (root / "boot/grub").mkdir(parents=True)
        shutil.copy(kernel, root / "boot/vmlinuz")
        shutil.copy(HERE / "grub.cfg", root / "boot/grub/grub.cfg")
        packed = initramfs(tree, kernel.name.removeprefix("vmlinuz-"), work)
        (root / "boot/initrd.img").write_bytes(packed)

        disk, esp, rootfs = work / "disk.raw", work / "esp.img", work / "root.img"
        for path, size in (
            (disk, DISK_SIZE), (esp, ROOT_AT - ESP_AT), (rootfs, ROOT_SIZE)
        ):  # fmt: skip
            with path.open("wb") as file:
                file.truncate(size)
        run("sfdisk", "-q", disk, stdin=PARTITIONS)
        run("mkfs.vfat", "-n", "ESP", esp)
        run("mmd", "-i", esp, "::/EFI", "::/EFI/BOOT")
        efi = boot_loader(tree, work, "x86_64-efi", "efi_gop", "all_video")
        run("mcopy", "-i", esp, efi, "::/EFI/BOOT/BOOTX64.EFI")
        insert(disk, esp, ESP_AT)
        # no metadata_csum_seed, orphan_file: older GRUB refuses them. It reads block by block: with
        # blocks of 1 KiB, the default for so small a disk, an emulated boot costs a third more.
        run("mke2fs", "-q", "-t", "ext4", "-F", "-L", "interop-root", "-U", ROOT_UUID, "-b", "4096",
            "-O", "^metadata_csum_seed", "-E", "root_owner=0:0", "-d", root, rootfs)  # fmt: skip
        insert(disk, rootfs, ROOT_AT)
        core = boot_loader(tree, work, "i386-pc", "biosdisk").read_bytes()
        write_bios_loader(disk, (tree / "usr/lib/grub/i386-pc/boot.img").read_bytes(), core)
        finished = work / "finished.qcow2"
        run("qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", disk, finished)
        finished.rename(out)


def recipe() -> str:
    """Return a digest of the files the guest is built from."""
    names = ("build.py", "init", "udhcpc.script", "grub.cfg")
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in names)).hexdigest()


def main(out: Path) -> None:
    """Build, unless `out` was built from these very files; one process at a time."""
    stamp = out.with_suffix(".recipe")
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if out.exists() and stamp.exists() and stamp.read_text() == recipe():
            return
        stamp.unlink(missing_ok=True)
        build(out)
        stamp.write_text(recipe())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
