"""Loading CIFAR-10 and what happens when it is missing, broken or malicious."""

import functools
import hashlib
import http.server
import io
import os
import pickle
import tarfile
import threading
import tracemalloc

import numpy as np
import pytest
from cs231n import cifar10_files, data_utils
from cs231n.data_utils import get_CIFAR10_data

PER_FILE = 20  # images in a batch file of these tests, 10,000 in the official ones


def batch(number, per_file=PER_FILE):
    """Content of a batch file: reproducible noise, all labels possible."""
    random = np.random.RandomState(number)
    data = np.frombuffer(random.bytes(per_file * 3072), np.uint8).reshape(per_file, 3072)
    return {b"data": data, b"labels": (np.arange(per_file) % 10).tolist(), b"filenames": [b"a.png"] * per_file}


def write_batches(folder, protocol=2, per_file=PER_FILE):
    folder.mkdir(parents=True)
    for number, name in enumerate((*cifar10_files.TRAINING_FILES, *cifar10_files.TEST_FILES)):
        (folder / name).write_bytes(pickle.dumps(batch(number, per_file), protocol=protocol))
    return folder


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """No environment variable, a cache of its own, nothing remembered from other tests, and no way to the network."""
    for variable in ("CS231N_DATA", "CS231N_DATA_DIR", *(v for v in os.environ if v.lower().endswith("_proxy"))):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.setattr(data_utils, "_failure", None)
    monkeypatch.setattr(data_utils, "_active", None)
    monkeypatch.setattr(cifar10_files, "URL", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    data_utils._default_mean.cache_clear()
    yield
    data_utils._default_mean.cache_clear()


@pytest.fixture
def small(monkeypatch):
    """Batch files of 20 images instead of 10,000."""
    monkeypatch.setattr(cifar10_files, "IMAGES_PER_FILE", PER_FILE)
    monkeypatch.setattr(data_utils, "POOL_SIZE", 5 * PER_FILE)
    monkeypatch.setattr(data_utils, "TEST_SIZE", PER_FILE)


@pytest.fixture
def batches(small, tmp_path):
    return write_batches(tmp_path / "mine" / cifar10_files.FOLDER)


class Server:
    """A site that offers the archive, can break off, and remembers what it was asked for."""

    def __init__(self, content):
        self.content, self.send, self.requests = content, len(content), []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                server.requests.append(self.command)
                self.send_response(200)
                self.send_header("Content-Length", str(len(server.content)))
                self.end_headers()

            def do_GET(self):
                self.do_HEAD()
                self.wfile.write(server.content[: server.send])

            def log_message(self, *_):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/{cifar10_files.ARCHIVE}"
        threading.Thread(target=self.httpd.serve_forever, args=(0.01,), daemon=True).start()


def archive(folder, extra=()):
    """A tar.gz of batch files as bytes; extra: members besides, (TarInfo, content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        tar.add(folder, arcname=cifar10_files.FOLDER)
        for member, content in extra:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def site(small, tmp_path, monkeypatch):
    folder = write_batches(tmp_path / "offered")
    escaping = tarfile.TarInfo("../escaped"), b"outside"
    link = tarfile.TarInfo(f"{cifar10_files.FOLDER}/batches.meta")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    server = Server(archive(folder, [escaping, (link, b"")]))
    monkeypatch.setattr(cifar10_files, "URL", server.url)
    monkeypatch.setattr(cifar10_files, "MD5", hashlib.md5(server.content).hexdigest())
    yield server
    server.httpd.shutdown()
    server.httpd.server_close()


# -- what comes back


def test_splits(batches):
    """Do the images come in the official order, validation after training, without the training images' mean?"""
    data = get_CIFAR10_data(50, 30, 10, folder=batches.parent)
    pool = np.concatenate([batch(n)[b"data"] for n in range(5)]).reshape(-1, 3, 32, 32).astype(float)
    mean = pool[:50].mean(axis=0)
    assert list(data) == ["X_train", "y_train", "X_val", "y_val", "X_test", "y_test"]
    np.testing.assert_allclose(data["X_train"], pool[:50] - mean, atol=1e-4)
    np.testing.assert_allclose(data["X_val"], pool[50:80] - mean, atol=1e-4)
    np.testing.assert_allclose(data["X_test"], batch(5)[b"data"][:10].reshape(-1, 3, 32, 32) - mean, atol=1e-4)
    assert [data[name].dtype for name in data] == [np.float32, np.int64] * 3
    np.testing.assert_array_equal(data["y_val"], np.arange(50, 80) % 10)
    assert data_utils.active_source() == "cifar-10"


def test_without_mean(batches):
    """Are the colors themselves returned with subtract_mean=False?"""
    data = get_CIFAR10_data(5, 0, 0, subtract_mean=False, folder=batches)
    np.testing.assert_array_equal(data["X_train"].reshape(5, -1), batch(0)[b"data"][:5])
    assert data["X_val"].shape == data["X_test"].shape == (0, 3, 32, 32)


@pytest.mark.parametrize("source", ["synthetic", "cifar-10"])
def test_modifying_is_safe(source, batches):
    """Does modifying what a call returned leave what the next call returns as it was?"""
    first = get_CIFAR10_data(30, 10, 10, source=source, folder=batches)
    kept = {name: array.copy() for name, array in first.items()}
    for array in first.values():
        array[:] = 7
    for name, array in get_CIFAR10_data(30, 10, 10, source=source, folder=batches).items():
        np.testing.assert_array_equal(array, kept[name])


@pytest.mark.parametrize("protocol", range(6))
def test_pickle_protocols(protocol, small, tmp_path):
    """Are batch files read whatever pickle protocol wrote them, with NumPy 1's and NumPy 2's module names?"""
    folder = write_batches(tmp_path / "new", protocol=protocol)
    old = tmp_path / "old"
    old.mkdir()
    for path in folder.iterdir():
        content = path.read_bytes()
        if protocol < 4:  # later ones have frames and lengths, which a replacement would break
            content = content.replace(b"numpy._core.", b"numpy.core.")
        (old / path.name).write_bytes(content)
    for read_from in (folder, old):
        images, labels = cifar10_files.read(read_from, ["data_batch_1"])
        np.testing.assert_array_equal(images.reshape(PER_FILE, -1), batch(0)[b"data"])
        np.testing.assert_array_equal(labels, np.arange(PER_FILE) % 10)


def test_python_2_file(small, tmp_path):
    """Is a file read whose strings are Python 2's, as in the official archive?"""
    raw = batch(0)[b"data"].tobytes()
    binary = lambda data: b"T" + len(data).to_bytes(4, "little") + data  # noqa: E731 (BINSTRING)
    number = lambda n: b"J" + n.to_bytes(4, "little", signed=True)  # noqa: E731 (BININT)
    dtype = b"cnumpy\ndtype\n(" + binary(b"u1") + number(0) + number(1) + b"tR(" + number(3) + binary(b"|")
    dtype += b"NNN" + number(-1) * 2 + number(0) + b"tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + number(0) + b"\x85" + binary(b"b") + b"tR"
    array += b"(" + number(1) + number(PER_FILE) + number(3072) + b"\x86" + dtype + b"\x89" + binary(raw) + b"tb"
    labels = b"](" + b"".join(number(n % 10) for n in range(PER_FILE)) + b"e"
    (tmp_path / "data_batch_1").write_bytes(
        b"\x80\x02}(" + binary(b"data") + array + binary(b"labels") + labels + b"u."
    )
    images, read_labels = cifar10_files.read(tmp_path, ["data_batch_1"])
    np.testing.assert_array_equal(images.reshape(PER_FILE, -1), batch(0)[b"data"])
    np.testing.assert_array_equal(read_labels, np.arange(PER_FILE) % 10)


def test_memory(tmp_path, monkeypatch):
    """Does loading a tenth of CIFAR-10 stay below a tenth of 1 GB, without float64 copies?"""
    monkeypatch.setattr(cifar10_files, "IMAGES_PER_FILE", 1000)
    folder = write_batches(tmp_path / "tenth", protocol=4, per_file=1000)
    tracemalloc.start()
    try:
        data = get_CIFAR10_data(4900, 100, 1000, source="cifar-10", folder=folder)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(data["X_train"]) == 4900
    assert peak < 1e8


# -- arguments and environment variables


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_training": 49_500}, "num_training [+] num_validation is 49500 [+] 1000 = 50500, but only 50000"),
        ({"num_training": 0}, "num_training is 0"),
        ({"num_validation": -1}, "num_validation is -1"),
        ({"num_test": 10_001}, "num_test is 10001, but must be from 0 to 10000"),
        ({"source": "cifar10"}, "source is 'cifar10', but must be one of 'auto', 'cifar-10', 'synthetic'"),
    ],
)
def test_wrong_arguments(arguments, message):
    """Does the error say which argument is wrong, and what is right?"""
    with pytest.raises(ValueError, match=message):
        get_CIFAR10_data(**{"source": "synthetic", **arguments})


def test_fractional_number():
    """Is a number of images that is no integer refused?"""
    with pytest.raises(TypeError, match=r"num_test must be an integer, not 0\.5"):
        get_CIFAR10_data(num_test=0.5, source="synthetic")


def test_environment(batches, monkeypatch):
    """Do the environment variables choose the source and the folder, and arguments win over them?"""
    monkeypatch.setenv("CS231N_DATA_DIR", str(batches.parent))
    assert data_utils.find_cifar10() == batches
    get_CIFAR10_data(10, 0, 0)
    assert data_utils.active_source() == "cifar-10"
    monkeypatch.setenv("CS231N_DATA", "synthetic")
    get_CIFAR10_data(10, 0, 0)
    assert data_utils.active_source() == "synthetic"
    get_CIFAR10_data(10, 0, 0, source="auto")
    assert data_utils.active_source() == "cifar-10"
    monkeypatch.setenv("CS231N_DATA", "nonsense")
    with pytest.raises(ValueError, match=r"'nonsense'.*CS231N_DATA"):
        get_CIFAR10_data(10, 0, 0)


def test_missing_folder(tmp_path, monkeypatch):
    """Is a folder that was named but does not exist an error, even where the synthetic images could step in?"""
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path / "mistyped"))
    with pytest.raises(FileNotFoundError, match=r"mistyped.*CS231N_DATA_DIR"):
        get_CIFAR10_data(10, 0, 0)
    assert data_utils.find_cifar10() is None


def test_active_source_before_loading():
    """Does active_source tell that nothing was loaded, instead of guessing?"""
    with pytest.raises(RuntimeError, match="call get_CIFAR10_data first"):
        data_utils.active_source()


# -- files that are not what they should be


def test_missing_file(batches):
    """Does the error name the batch file that is missing, rather than replacing the data silently?"""
    (batches / "data_batch_3").unlink()
    get_CIFAR10_data(40, 0, 0, folder=batches)  # files that are not needed are not read
    with pytest.raises(FileNotFoundError, match=r"no .*data_batch_3; put the file of the official archive"):
        get_CIFAR10_data(41, 0, 0, folder=batches)


def corruptions():
    whole = pickle.dumps(batch(1), protocol=2)
    yield "truncated", whole[:-1000]
    yield "empty", b""
    yield "a web page", b"<html>please log in</html>"
    yield "a list", pickle.dumps([1, 2])
    yield "too few images", pickle.dumps({**batch(1), b"data": batch(1)[b"data"][1:]})
    yield "float images", pickle.dumps({**batch(1), b"data": batch(1)[b"data"].astype(float)})
    yield "a label of 10", pickle.dumps({**batch(1), b"labels": [10] * PER_FILE})
    yield "no labels", pickle.dumps({b"data": batch(1)[b"data"]})


@pytest.mark.parametrize("content", [pytest.param(c, id=name) for name, c in corruptions()])
def test_corrupt_file(content, batches):
    """Is the corrupt file named, with what to do, and never taken for good or replaced silently?"""
    (batches / "data_batch_2").write_bytes(content)
    with pytest.raises(ValueError, match=r"data_batch_2 is truncated or corrupt .*delete the folder"):
        get_CIFAR10_data(60, 0, 0, folder=batches)


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    "make", [lambda p: Calls(os.mkdir, p), lambda p: Calls(eval, f"__import__('os').mkdir({p!r})")], ids=["os", "eval"]
)
def test_malicious_file(make, protocol, batches, tmp_path):
    """Is a pickle refused that would run code?"""
    harmed = tmp_path / "harmed"
    (batches / "data_batch_1").write_bytes(pickle.dumps(make(str(harmed)), protocol=protocol))
    with pytest.raises(ValueError, match=r"data_batch_1 is truncated or corrupt \(it asks for"):
        get_CIFAR10_data(5, 0, 0, folder=batches)
    assert not harmed.exists()


def test_huge_array(batches):
    """Is an array that claims to be huge refused without taking the memory?"""
    tracemalloc.start()
    try:
        content = pickle.dumps({b"data": Calls(np._core.multiarray._reconstruct, np.ndarray, (10**9,), b"b")})
        (batches / "data_batch_1").write_bytes(content)
        with pytest.raises(ValueError, match="truncated or corrupt"):
            get_CIFAR10_data(5, 0, 0, folder=batches)
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()


# -- downloading


def test_download_once(site, tmp_path):
    """Is the archive downloaded at the first call only, verified, unpacked into the cache and removed?"""
    for _ in range(2):
        data = get_CIFAR10_data(10, 0, 0, subtract_mean=False)
        np.testing.assert_array_equal(data["X_train"].reshape(10, -1), batch(0)[b"data"][:10])
    assert site.requests == ["HEAD", "GET"]
    assert os.listdir(tmp_path / "cache" / "cs231n") == [cifar10_files.FOLDER]


def test_unpacking_is_safe(site, tmp_path):
    """Do members of the archive that are no batch files stay packed?"""
    get_CIFAR10_data(10, 0, 0, source="cifar-10", folder=tmp_path)
    assert not list(tmp_path.rglob("*escaped*"))
    assert not any(path.is_symlink() for path in (tmp_path / cifar10_files.FOLDER).iterdir())


def test_broken_download(site, tmp_path):
    """Does a download that breaks off leave nothing behind, and does the next one start again?"""
    site.send //= 2
    with pytest.raises(OSError, match="could not be downloaded"):
        get_CIFAR10_data(10, 0, 0, source="cifar-10")
    assert os.listdir(tmp_path / "cache" / "cs231n") == []
    site.send *= 3
    get_CIFAR10_data(10, 0, 0, source="cifar-10")
    assert data_utils.active_source() == "cifar-10"


def test_wrong_checksum(site, monkeypatch):
    """Is an archive with another checksum refused?"""
    monkeypatch.setattr(cifar10_files, "MD5", "0" * 32)
    with pytest.raises(OSError, match=r"could not be downloaded.*hash"):
        get_CIFAR10_data(10, 0, 0, source="cifar-10")
    assert data_utils.find_cifar10() is None


def test_archive_at_hand(site, tmp_path):
    """Is an archive that somebody put into the folder unpacked without the network, a half one replaced?"""
    (tmp_path / cifar10_files.ARCHIVE).write_bytes(site.content)
    get_CIFAR10_data(10, 0, 0, source="cifar-10", folder=tmp_path)
    assert site.requests == []
    other = tmp_path / "other"
    other.mkdir()
    (other / cifar10_files.ARCHIVE).write_bytes(site.content[:1000])
    get_CIFAR10_data(10, 0, 0, source="cifar-10", folder=other)
    assert site.requests == ["HEAD", "GET"]


# -- no network


def test_no_network(capsys, monkeypatch):
    """Do the synthetic images step in, loudly and with what to do, and is the download tried once only?"""
    attempts = []
    download = cifar10_files.download
    monkeypatch.setattr(cifar10_files, "download", lambda folder: attempts.append(folder) or download(folder))
    for _ in range(3):
        data = get_CIFAR10_data(100, 10, 10)
        notice = capsys.readouterr().err
        assert "SYNTHETIC IMAGES, NOT CIFAR-10" in notice
        for advice in ("no connection", "CS231N_DATA_DIR", "folder=...", "source='synthetic'"):
            assert advice in notice
    assert len(attempts) == 1
    assert data["X_train"].shape == (100, 3, 32, 32)
    assert data_utils.active_source() == "synthetic"
    with pytest.raises(OSError, match=r"(?s)could not be downloaded.*To use the synthetic images"):
        get_CIFAR10_data(100, 10, 10, source="cifar-10")


def test_silent_site(monkeypatch):
    """Is a site that takes connections but never answers given up?"""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(cifar10_files, "URL", f"http://127.0.0.1:{server.getsockname()[1]}/archive")
        monkeypatch.setattr(cifar10_files, "CONNECT_SECONDS", 0.2)
        get_CIFAR10_data(10, 0, 0)
    assert data_utils.active_source() == "synthetic"


def test_synthetic_by_choice(capsys, monkeypatch):
    """Does source="synthetic" neither look for files nor touch the network nor complain?"""

    def forbidden(*_):
        raise AssertionError("looked for CIFAR-10")

    monkeypatch.setattr(cifar10_files, "find", forbidden)
    monkeypatch.setattr(cifar10_files, "download", forbidden)
    get_CIFAR10_data(10, 0, 0, source="synthetic")
    assert capsys.readouterr() == ("", "")


# -- held-out images


def test_held_out_cifar(small, batches, monkeypatch):
    """Are CIFAR-10's held-out images test images that get_CIFAR10_data does not give by default?"""
    # 1,000 test images are given to students, and 49,000 training images have the default mean
    read = functools.partial(_many, per_file=2000)
    monkeypatch.setattr(cifar10_files, "read", read)
    monkeypatch.setattr(data_utils, "TEST_SIZE", 2000)
    X, y = data_utils.held_out_data("cifar-10", num=50, seed=1, folder=batches)
    given = read(batches, cifar10_files.TEST_FILES)[0][:1000]
    assert X.shape == (50, 3, 32, 32)
    assert X.dtype == np.float32
    assert y.dtype == np.int64
    pool = read(batches, cifar10_files.TRAINING_FILES)[0]
    back = np.rint(X + pool.mean(axis=0)).astype(np.uint8)
    assert not {image.tobytes() for image in back} & {image.tobytes() for image in given}


def _many(folder, files, per_file):
    """Stands for cifar10_files.read: all images different, few of their pixels vary, to be quick."""
    number = sum(ord(letter) for letter in files[0])
    images = np.zeros((len(files) * per_file, 3, 32, 32), np.uint8)
    images[:, :, :2, :2] = np.random.RandomState(number).randint(0, 256, (len(images), 3, 2, 2))
    return images, np.arange(len(images)) % 10


def test_held_out_synthetic(monkeypatch):
    """Are the held-out synthetic images others than those given out, and different for each seed?"""
    monkeypatch.setattr(data_utils, "DEFAULT_TRAINING", 2000)  # images of which the mean is subtracted
    data = get_CIFAR10_data(500, 0, 500, source="synthetic")
    X, y = data_utils.held_out_data("synthetic", num=1000, seed=1)
    other, _ = data_utils.held_out_data("synthetic", num=1000, seed=1 + 2**100)
    same_as_default = data_utils.held_out_data("synthetic", num=300, seed=data_utils.synthetic_data.SEED)[0]
    assert X.shape == (1000, 3, 32, 32)
    assert y.shape == (1000,)
    assert abs(X.mean()) < 4  # the mean is subtracted; that of an image varies by 42
    assert not np.array_equal(X, other)
    mean = data_utils._default_mean("synthetic", None)
    shown = {image.tobytes() for image in data_utils.synthetic_data.images("train", 500)[0]}
    shown |= {image.tobytes() for image in data_utils.synthetic_data.images("test", 500)[0]}
    for images in (X, same_as_default):
        assert not {np.rint(image + mean).astype(np.uint8).tobytes() for image in images} & shown
    assert data_utils.active_source() == "synthetic"
    assert data["X_test"].shape == (500, 3, 32, 32)


def test_held_out_needs_a_source():
    """Is a source that is not one of the two refused?"""
    with pytest.raises(ValueError, match="must be 'cifar-10' or 'synthetic', not 'auto'"):
        data_utils.held_out_data("auto", seed=1)


def test_small_mode(monkeypatch, capsys):
    """Are there few images in small mode, the same ones as ever, and is it said?"""
    monkeypatch.setenv("CS231N_SMALL", "1")
    data = get_CIFAR10_data(source="synthetic", subtract_mean=False)
    assert [len(data[name]) for name in ("X_train", "y_train", "X_val", "y_val", "X_test")] == [
        2000,
        2000,
        200,
        200,
        200,
    ]
    assert "Small mode: at most 2,000" in capsys.readouterr().err
    monkeypatch.delenv("CS231N_SMALL")
    again = get_CIFAR10_data(2000, 200, 200, source="synthetic", subtract_mean=False)
    assert all(np.array_equal(data[name], again[name]) for name in data)
    assert "Small" not in capsys.readouterr().err
    monkeypatch.setattr("sys.platform", "emscripten")
    assert data_utils.is_small()
