// The camera as a scanner. Where the browser knows QR codes it reads them itself; elsewhere a still goes to the server.
"use strict";

(() => {
  const form = document.querySelector("form[data-camera]");
  const media = navigator.mediaDevices;
  if (!form || !media || !media.getUserMedia) return; // over plain http there is no camera; the photo remains
  const part = (name) => form.querySelector(`[data-camera-${name}]`);
  const [open, view, shoot, words] = ["open", "view", "shoot", "words"].map(part);
  const box = document.getElementById("scan");
  const file = document.getElementById("picture");
  open.hidden = false;

  const say = (text) => {
    words.textContent = text;
    words.hidden = false;
  };

  const stop = () => {
    if (view.srcObject) view.srcObject.getTracks().forEach((track) => track.stop());
    view.srcObject = null;
  };

  const watch = async (detector) => {
    while (view.srcObject) {
      const found = await detector.detect(view).catch(() => []);
      if (found.length === 1) {
        stop();
        box.value = found[0].rawValue;
        box.form.requestSubmit();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };

  open.addEventListener("click", async () => {
    try {
      view.srcObject = await media.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      say("没有打开摄像头：请检查摄像头，并在浏览器中允许使用；也可以选择照片。");
      return;
    }
    view.hidden = shoot.hidden = false;
    await view.play();
    say("请把二维码对准画面。");
    const kinds = "BarcodeDetector" in window ? await window.BarcodeDetector.getSupportedFormats() : [];
    if (kinds.includes("qr_code")) await watch(new window.BarcodeDetector({ formats: ["qr_code"] }));
  });

  shoot.addEventListener("click", () => {
    const still = document.createElement("canvas");
    still.width = view.videoWidth;
    still.height = view.videoHeight;
    still.getContext("2d").drawImage(view, 0, 0);
    still.toBlob((blob) => {
      const carried = new DataTransfer();
      carried.items.add(new File([blob], "still.jpg", { type: "image/jpeg" }));
      file.files = carried.files;
      stop();
      form.requestSubmit();
    }, "image/jpeg", 0.9);
  });

  window.addEventListener("pagehide", stop);
})();
