  // ---- Pictures ----
  // A picture is cropped in the browser, sent to the storage by a signed URL, and completed. The
  // service decodes it again, so it need not trust this script.
  const SHAPES = { avatar: [512, 512], event_cover: [1600, 800] };
  const crops = new WeakMap();
  const POLL_INTERVAL = 500;
  const MAX_POLLS = 120;

  async function choosePicture(field, file) {
    const progress = field.querySelector("[data-progress]");
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
    if (!bitmap) { progress.textContent = "This file is not a picture that your browser can read."; return; }
    progress.textContent = "Drag the picture to choose the part.";
    const [width, height] = SHAPES[field.dataset.picture];
    const canvas = field.querySelector("canvas");
    Object.assign(canvas, { width, height, hidden: false });
    field.querySelector(".picture-shown").hidden = true;
    field.querySelector(".picture-zoom").hidden = false;
    field.querySelector("[data-zoom]").value = "1";
    crops.set(field, { bitmap, x: 0.5, y: 0.5, zoom: 1 });
    drawCrop(field);
  }

  // Draws the chosen part. x and y are its center, in fractions of the picture.
  function drawCrop(field) {
    const crop = crops.get(field);
    const canvas = field.querySelector("canvas");
    const { bitmap } = crop;
    const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height) * crop.zoom;
    const [width, height] = [canvas.width / scale, canvas.height / scale];
    const within = (center, part, whole) => Math.min(Math.max(center * whole, part / 2), whole - part / 2);
    const [x, y] = [within(crop.x, width, bitmap.width), within(crop.y, height, bitmap.height)];
    Object.assign(crop, { x: x / bitmap.width, y: y / bitmap.height, scale });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, x - width / 2, y - height / 2, width, height, 0, 0, canvas.width, canvas.height);
  }

  function moveCrop(field, right, down) {
    const crop = crops.get(field);
    if (!crop) return;
    const canvas = field.querySelector("canvas");
    const ratio = canvas.width / (canvas.clientWidth || canvas.width);
    crop.x -= right * ratio / crop.scale / crop.bitmap.width;
    crop.y -= down * ratio / crop.scale / crop.bitmap.height;
    drawCrop(field);
  }

  async function mediaError(response) {
    const { error } = await response.json().catch(() => ({}));
    return typeof error === "string" ? error : "The picture was not accepted.";
  }

  // Uploads the picture of a form, if the user chose one. Returns an error message or nothing.
  async function uploadPicture(form) {
    const field = form.querySelector("[data-picture]");
    const crop = field && crops.get(field);
    if (!crop) return;
    const progress = field.querySelector("[data-progress]");
    const blob = await new Promise((done) => field.querySelector("canvas").toBlob(done, "image/jpeg", 0.92));
    if (!blob) return "The picture cannot be cropped.";
    progress.textContent = "Uploading…";
    const body = { purpose: field.dataset.picture, size: blob.size, content_type: blob.type };
    const asked = await call("POST", "/api/media/request-upload", { body });
    if (!asked.ok) return mediaError(asked);
    const { upload_id: id, presigned_url: address } = await asked.json();
    const sent = await fetch(address, { method: "PUT", body: blob, headers: { "content-type": blob.type }, credentials: "omit", redirect: "error" });
    if (!sent.ok) return "The storage did not accept the picture.";
    const completed = await call("POST", "/api/media/complete", { body: { upload_id: id } });
    if (!completed.ok) return mediaError(completed);
    progress.textContent = "Processing…";
    for (let polls = 0; polls < MAX_POLLS; polls += 1) {
      const asked = await call("GET", `/api/media/${encodeURIComponent(id)}/status`);
      const { status, error } = asked.ok ? await asked.json() : {};
      if (status === "FAILED") return error || "The picture was not accepted.";
      if (status === "READY") {
        field.querySelector("input[type=hidden]").value = id;
        crops.delete(field);
        progress.textContent = "";
        return;
      }
      await new Promise((done) => setTimeout(done, POLL_INTERVAL));
    }
    return "The picture is still being processed. Try again in a minute.";
  }

  const fieldOf = (target) => target.closest?.("[data-picture]");

  document.addEventListener("change", ({ target }) => {
    const field = fieldOf(target);
    if (field && "file" in target.dataset && target.files[0]) choosePicture(field, target.files[0]);
  });

  document.addEventListener("input", ({ target }) => {
    const field = fieldOf(target);
    const crop = field && "zoom" in target.dataset && crops.get(field);
    if (crop) { crop.zoom = Number(target.value); drawCrop(field); }
  });

  document.addEventListener("pointerdown", (down) => {
    const field = fieldOf(down.target);
    if (!field || down.target.tagName !== "CANVAS" || !crops.has(field)) return;
    down.preventDefault();
    down.target.setPointerCapture(down.pointerId);
    const move = (event) => moveCrop(field, event.movementX, event.movementY);
    down.target.addEventListener("pointermove", move);
    down.target.addEventListener("pointerup", () => down.target.removeEventListener("pointermove", move), { once: true });
  });

  const ARROWS = { ArrowLeft: [8, 0], ArrowRight: [-8, 0], ArrowUp: [0, 8], ArrowDown: [0, -8] };
  document.addEventListener("keydown", (key) => {
    const field = key.target.tagName === "CANVAS" && fieldOf(key.target);
    const step = field && ARROWS[key.key];
    if (step) { key.preventDefault(); moveCrop(field, ...step); }
  });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-remove-picture]");
    const field = button && fieldOf(button);
    if (!field) return;
    crops.delete(field);
    field.querySelector("input[type=hidden]").value = "";
    for (const shown of field.querySelectorAll("img, canvas, .picture-zoom")) shown.hidden = true;
    button.hidden = true;
  });

