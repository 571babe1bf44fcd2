# On Google Colab, this cell goes to your folder on Drive and installs the package. Everywhere else it does nothing.
import sys

if "google.colab" in sys.modules:
    import os
    import shutil
    import subprocess
    from pathlib import Path

    from google.colab import drive, files

    drive.mount("/content/drive")
    os.chdir("/content/drive/MyDrive")
    if not Path("$assignment").exists():
        print("Choose $assignment.zip, as it was given to you.")
        files.upload()
        shutil.unpack_archive("$assignment.zip")
        print("From now on, open the notebooks from the folder $assignment of your Drive.")
    os.chdir("$assignment")  # notebooks import each other from here, and .npz files stay here
    lines = Path("requirements.txt").read_text().splitlines()
    wheels = [line.partition("[")[0] for line in lines if line.startswith("./")]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wheels], check=True)
