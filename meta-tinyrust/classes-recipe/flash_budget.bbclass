# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Holds any image against the budgets of a board.toml: finished, compressed files,
# per partition and per component. `inherit flash_budget` in an image recipe, or
# IMAGE_CLASSES += "flash_budget" for every image of a build.
#
# FLASH_BOARD            the board.toml
# FLASH_BUDGET_FILES     names of board.toml and where their files are, "NAME=PATH …";
#                        empty where the image makes the folder FLASH_IMAGES itself
# FLASH_BUDGET_BASELINE  an earlier report, against which the largest changes are named
#
# The report stands beside the image: IMAGE.flash-budget.txt and .json.

FLASH_BOARD ?= "${TINYRUST_ROOT}/boards/${MACHINE}/board.toml"
FLASH_IMAGES ?= "${WORKDIR}/flash-budget"
FLASH_BUDGET_FILES ?= "${@'' if 'flash' in d.getVar('IMAGE_FSTYPES').split() else d.expand('rootfs.squashfs=${IMGDEPLOYDIR}/${IMAGE_LINK_NAME}.squashfs-xz')}"
# The last image of this build that was within its budgets.
FLASH_BUDGET_BASELINE ?= "${DEPLOY_DIR_IMAGE}/${IMAGE_LINK_NAME}.flash-budget.json"
FLASH_BUDGET_BASELINE[vardepvalue] = ""

do_image_complete[depends] += "flashfit-native:do_populate_sysroot"
do_image_complete[file-checksums] += "${FLASH_BOARD}:True"
IMAGE_POSTPROCESS_COMMAND += "flash_budget_check"

python flash_budget_check() {
    import json
    import shutil
    import subprocess
    folder = d.getVar('FLASH_IMAGES')
    files = (d.getVar('FLASH_BUDGET_FILES') or '').split()
    if files:
        bb.utils.remove(folder, recurse=True)
        bb.utils.mkdirhier(folder)
        for entry in files:
            name, _, path = entry.partition('=')
            if not os.path.exists(path):
                bb.fatal('FLASH_BUDGET_FILES: %s comes from %s, which does not exist (IMAGE_FSTYPES is "%s")'
                         % (name, path, d.getVar('IMAGE_FSTYPES')))
            shutil.copyfile(path, os.path.join(folder, name))
    board = d.getVar('FLASH_BOARD')
    command = ['flashfit', 'check', board, folder]
    baseline = d.getVar('FLASH_BUDGET_BASELINE')
    if baseline and os.path.exists(baseline):
        command += ['--baseline', baseline]
    env = dict(os.environ, PATH=d.getVar('PATH'))
    table = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    report = d.expand('${IMGDEPLOYDIR}/${IMAGE_NAME}.flash-budget')
    with open(report + '.txt', 'w') as f:
        f.write(table.stdout)
    if table.returncode:
        bb.fatal('flash budget of %s: %s\n%s' % (d.getVar('PN'),
                 'over' if table.returncode == 1 else '%s cannot be checked' % board, table.stdout))
    with open(report + '.json', 'w') as f:
        subprocess.run(['flashfit', 'check', board, folder, '--json'], env=env, check=True, stdout=f)
    for kind in ('txt', 'json'):
        link = d.expand('${IMGDEPLOYDIR}/${IMAGE_LINK_NAME}.flash-budget.' + kind)
        if os.path.lexists(link):
            os.remove(link)
        os.symlink(os.path.basename(report) + '.' + kind, link)
    if os.path.exists(os.path.join(folder, 'flash.bin')):
        shutil.copyfile(report + '.json', os.path.join(folder, 'flashfit.json'))
    bb.plain(table.stdout)
}
