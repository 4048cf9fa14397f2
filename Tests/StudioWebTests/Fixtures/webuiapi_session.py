"""A session of the Python client webuiapi with `redraw serve`: what its users call, against the built program.

    python3 webuiapi_session.py PATH/TO/redraw

Wants webuiapi (requirements-clients.txt), which brings Pillow and requests. Prints a line a check; ends with status 1 at the first that fails.
"""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import threading
import time

import requests
import webuiapi
from PIL import Image, ImageChops, ImageDraw

import ending

REDRAW = sys.argv[1]
HOME = tempfile.TemporaryDirectory(prefix="redraw-client-")
ENVIRONMENT = dict(os.environ, HOME=HOME.name, XDG_DATA_HOME=HOME.name + "/data", XDG_CACHE_HOME=HOME.name + "/cache")


def check(what, holds, told=""):
    print(("ok    " if holds else "FAILS ") + what, told if not holds else "")
    if not holds:
        sys.exit(1)


def same(a, b):
    return a.size == b.size and ImageChops.difference(a.convert("RGB"), b.convert("RGB")).getbbox() is None


def refused(what, field, call):
    try:
        call()
    except RuntimeError as error:
        status, text = error.args
        check(what, status == 422 and field in text, str(error))
    else:
        check(what, False, "it was granted")


@contextlib.contextmanager
def serving(*options):
    process = subprocess.Popen(
        [REDRAW, "serve", "--port", "0", "--library", HOME.name + "/library", "--quiet", *options],
        stdout=subprocess.PIPE, env=ENVIRONMENT, text=True, preexec_fn=ending.with_its_parent,
    )
    try:
        line = process.stdout.readline()
        yield int(line.split("http://")[1].split("/")[0].rsplit(":", 1)[1])
    finally:
        process.terminate()
        check("the server stops when it is told to", process.wait(60) == 0, str(process.returncode))


def command(*arguments):
    subprocess.run([REDRAW, *arguments, "--library", HOME.name + "/other", "--quiet"], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def lists(api):
    names = [model["model_name"] for model in api.get_sd_models()]
    check("models are listed", {"redraw-small", "redraw-painter"} <= set(names), str(names))
    check("no path of the machine is told", not any("/" in model["filename"] for model in api.get_sd_models()))
    check("samplers are listed", {"Euler a", "DPM++ 2M", "DDIM"} <= set(api.util_get_sampler_names()))
    check("schedulers are listed", {"karras", "automatic"} <= set(api.util_get_scheduler_names()))
    check("the memory is told", api.get_memory()["ram"]["free"] > 0)
    for name in [
        "get_upscalers", "get_latent_upscale_modes", "get_sd_vae", "get_prompt_styles", "get_loras", "get_hypernetworks", "get_face_restorers",
        "get_realesrgan_models",
    ]:
        check(name + " answers a list", isinstance(getattr(api, name)(), list))
    for name in ["get_embeddings", "get_scripts", "get_cmd_flags", "get_options"]:
        check(name + " answers an object", isinstance(getattr(api, name)(), dict))
    api.refresh_checkpoints()
    api.util_set_model("redraw-small")
    check("a model that is set stays", api.util_get_current_model() == "redraw-small")
    api.util_set_model("redraw-painter")
    answer = requests.post(api.baseurl + "/options", json={"eta_noise_seed_delta": 31337}, timeout=60)
    check("a setting that there is not is refused", answer.status_code == 422 and "eta_noise_seed_delta" in answer.text, answer.text)


def paints(api):
    asked = dict(prompt="a red barn", negative_prompt="blurry", seed=7, steps=4, cfg_scale=4, width=128, height=128)
    made = api.txt2img(**asked, sampler_name="DPM++ 2M", scheduler="Karras")
    check("a picture comes", made.image.size == (128, 128))
    check("its seed is told", made.info["seed"] == 7 and made.info["all_seeds"] == [7], str(made.info))
    check("its settings are told as text", "Steps: 4" in made.info["infotexts"][0])
    file = HOME.name + "/same.png"
    command(
        "paint", "a red barn", "--negative", "blurry", "--seed", "7", "--steps", "4", "--guidance", "4", "--size", "128x128", "--sampler",
        "dpmpp-2m-karras", "--model", "redraw-painter", "--output", file,
    )
    check("it is the command line's picture", same(made.image, Image.open(file)))
    twice = api.txt2img(**{**asked, "seed": -1}, batch_size=2, n_iter=1)
    seeds = twice.info["all_seeds"]
    check("as many come as were asked for", len(twice.images) == 2 and len(set(seeds)) == 2, str((len(twice.images), seeds, twice.info["redraw"])))
    told = [int(text.split("Seed: ")[1].split(",")[0]) for text in twice.info["infotexts"]]
    check("each with its own seed", told == seeds, str((told, seeds)))
    batches = api.txt2img(**asked, sampler_name="DPM++ 2M", scheduler="Karras", n_iter=2)
    check("batches go on with the seeds", batches.info["all_seeds"] == [7, 8] and same(batches.images[0], made.image), str(batches.info["all_seeds"]))
    told = api.png_info(made.image)
    check("a picture tells how it was made", "a red barn" in told.info, str(told.info))
    refused("a second pass is refused", "enable_hr", lambda: api.txt2img(**asked, enable_hr=True))
    refused("a script is refused", "script_name", lambda: api.txt2img(**asked, script_name="x/y/z plot"))
    refused("an unknown sampler is refused", "DPM++ 3000", lambda: api.txt2img(**asked, sampler_name="DPM++ 3000"))
    refused("an unknown model is refused", "nobody", lambda: api.txt2img(**asked, override_settings={"sd_model_checkpoint": "nobody"}))
    refused("too many steps are refused", "steps", lambda: api.txt2img(**{**asked, "steps": 5000}))
    tuned = api.txt2img(**asked, s_noise=0.9, sampler_name="Euler")
    check("what is not heeded is told", "s_noise" in tuned.info["redraw"]["unheeded"], str(tuned.info["redraw"]))
    return made.image


def redraws(api):
    photo = Image.new("RGB", (160, 128), (40, 90, 160))
    ImageDraw.Draw(photo).ellipse((50, 30, 110, 100), fill=(220, 180, 60))
    asked = dict(images=[photo], prompt="a blue ball", seed=3, steps=4, cfg_scale=3, width=160, height=128, denoising_strength=0.6)
    whole = api.img2img(**asked)
    check("a picture is redrawn", whole.image.size == (160, 128) and not same(whole.image, photo))
    mask = Image.new("L", photo.size, 0)
    ImageDraw.Draw(mask).rectangle((40, 20, 100, 90), fill=255)
    for masked in [False, True]:
        part = api.img2img(**asked, mask_image=mask, inpaint_full_res=masked, mask_blur=4, inpainting_fill=1)
        outside = Image.composite(Image.new("RGB", photo.size), ImageChops.difference(part.image.convert("RGB"), photo), mask)
        check("outside the mask nothing changed", outside.getbbox() is None and not same(part.image, photo))
        check("and it is proven", part.info["redraw"]["untouched"]["identical"] is True, str(part.info["redraw"]))
    turned = api.img2img(**asked, mask_image=ImageChops.invert(mask), inpainting_mask_invert=1, inpaint_full_res=False)
    outside = Image.composite(Image.new("RGB", photo.size), ImageChops.difference(turned.image.convert("RGB"), photo), mask)
    check("a mask may be turned round", outside.getbbox() is None)
    listed = {"init_images": [webuiapi.raw_b64_img(photo)], "mask": [webuiapi.b64_img(mask)], "prompt": "a hat", "steps": 2, "width": 160, "height": 128}
    answer = requests.post(api.baseurl + "/img2img", json=listed, timeout=600)
    check("a mask may come in a list", answer.status_code == 200 and len(answer.json()["images"]) == 1, answer.text[:200])
    refused("enlarging latents is refused", "resize_mode", lambda: api.img2img(**asked, resize_mode=3))
    answer = requests.post(api.baseurl + "/img2img", json={"init_images": ["aGVsbG8="], "prompt": "x"}, timeout=60)
    check("what is no picture is refused", 400 <= answer.status_code < 500, answer.text)
    words = api.interrogate(photo).info
    check("a picture is put into words", isinstance(words, str) and len(words) > 3, words)
    tags = api.interrogate(photo, model="deepdanbooru").info
    check("and into tags", "," in tags, tags)


def stops(api):
    outcome = {}

    def long():
        begin = time.monotonic()
        answer = requests.post(
            api.baseurl + "/txt2img", json={"prompt": "a castle", "steps": 500, "width": 256, "height": 256, "seed": 1}, timeout=900
        )
        outcome.update(status=answer.status_code, answer=answer.json(), seconds=time.monotonic() - begin)

    thread = threading.Thread(target=long)
    thread.start()
    for _ in range(600):
        told = api.get_progress()
        if told["progress"] > 0:
            break
        time.sleep(0.1)
    check("progress is told", told["progress"] > 0 and told["state"]["job_count"] == 1, str(told["state"]))
    check("and the steps", 0 < told["state"]["sampling_step"] <= told["state"]["sampling_steps"], str(told["state"]))
    begin = time.monotonic()
    api.interrupt()
    thread.join(60)
    check("it is interrupted", not thread.is_alive() and time.monotonic() - begin < 30)
    check("and says so", outcome["status"] == 200 and outcome["answer"]["images"] == [], str(outcome)[:300])
    api.util_wait_for_ready(check_interval=0.2)
    check("nothing is under way any more", api.get_progress()["state"]["job_count"] == 0)
    api.skip()


def main():
    with serving() as port:
        api = webuiapi.WebUIApi(port=port)
        lists(api)
        paints(api)
        redraws(api)
        stops(api)
    with serving("--host", "127.0.0.1", "--token", "a long word") as port:
        stranger = requests.get(f"http://127.0.0.1:{port}/sdapi/v1/sd-models", timeout=60)
        check("who has no token is not let in", stranger.status_code == 401)
        guest = webuiapi.WebUIApi(port=port, username="anybody", password="a long word")
        check("the token is the password", len(guest.get_sd_models()) >= 2)


main()
