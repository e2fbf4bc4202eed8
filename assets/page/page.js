"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const { moments, shots } = data;
  const last = moments.length - 1;
  let moment = data.start;
  let ahead = 1; // which way the moments went last
  let view = data.views[0];

  // --- Pictures: unpacked when they are wanted, and only so many are kept -----------------------

  const MOST_PIXELS = 16e6; // 64 MB
  const kept = new Map(); // what was wanted last stands at the end
  let pixels = 0;

  const KINDS = { "/": "image/jpeg", U: "image/webp" }; // by how they begin in base 64

  async function decode(place) {
    const element = byId("p" + place); // a still one is a picture already
    const packed = element.src ? element.src.split(",")[1] : element.textContent;
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    return createImageBitmap(new Blob([bytes], { type: KINDS[packed[0]] }));
  }

  function unpack(place) {
    let entry = kept.get(place);
    kept.delete(place);
    if (!entry) {
      entry = { bitmap: null };
      entry.ready = decode(place).then((bitmap) => {
        entry.bitmap = bitmap;
        pixels += bitmap.width * bitmap.height;
        forget(entry);
        return bitmap;
      });
    }
    kept.set(place, entry);
    return entry.ready;
  }

  function forget(newest) {
    for (const [place, entry] of kept) {
      if (pixels <= MOST_PIXELS) return;
      if (!entry.bitmap || entry === newest) continue;
      kept.delete(place);
      pixels -= entry.bitmap.width * entry.bitmap.height;
      entry.bitmap.close();
    }
  }

  // --- Lanes ------------------------------------------------------------------------------------

  const figures = document.querySelectorAll("figure");
  const lanes = data.lanes.map((lane, i) => {
    if (!lane) return null;
    const still = figures[i].querySelector("img"), canvas = document.createElement("canvas");
    const missing = document.createElement("p");
    [canvas.width, canvas.height] = lane.size;
    canvas.setAttribute("role", "img");
    canvas.hidden = missing.hidden = true;
    missing.textContent = "This view has no picture here.";
    still.after(canvas, missing);
    return { ...lane, still, canvas, missing, pen: canvas.getContext("2d"), drawn: -1, busy: false };
  }).filter(Boolean);

  const wanted = (lane) => lane.frames[view][moment];

  async function paint(lane) {
    if (lane.busy) return; // it goes on until it has drawn what is wanted by then
    lane.busy = true;
    try {
      while (lane.drawn !== wanted(lane)) {
        const place = wanted(lane), exact = view === "channels";
        draw(lane, place === null ? null : await unpack(place), exact);
        lane.drawn = place;
      }
    } finally {
      lane.busy = false; // also where a picture is damaged
    }
    const next = lane.frames[view][moment + ahead];
    if (next !== undefined && next !== null) unpack(next);
  }

  function draw({ canvas, missing, pen, still }, bitmap, exact) {
    still.hidden = true;
    canvas.hidden = false;
    missing.hidden = bitmap !== null;
    canvas.classList.toggle("exact", exact);
    if (!bitmap) return pen.clearRect(0, 0, canvas.width, canvas.height);
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
    }
    pen.drawImage(bitmap, 0, 0);
  }

  // --- Time -------------------------------------------------------------------------------------

  const scrub = byId("scrub"), time = byId("time");

  function show(to) {
    to = Math.max(0, Math.min(last, to));
    if (to !== moment) ahead = Math.sign(to - moment);
    moment = to;
    const [words, planned, measured] = moments[moment];
    scrub.value = moment;
    scrub.setAttribute("aria-valuetext", words);
    byId("where").textContent = words;
    byId("planned").textContent = planned;
    if (byId("measured")) byId("measured").textContent = measured;
    time.style.setProperty("--at", last ? moment / last : 0);
    for (const lane of lanes) {
      lane.canvas.setAttribute("aria-label", (lane.label ? lane.label + ", " : "") + words);
      paint(lane);
    }
  }

  function seek(to) {
    stop();
    show(to);
  }

  function look(at) {
    view = at;
    for (const button of viewButtons) {
      button.setAttribute("aria-pressed", button.value === view);
      if (button.value === view) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    lanes.forEach(paint);
  }

  const viewButtons = [...document.querySelectorAll("button[name=view]")];
  for (const button of viewButtons) button.addEventListener("click", () => look(button.value));

  // --- Playing ----------------------------------------------------------------------------------

  const SPEEDS = [[1, "1×"], [2, "2×"], [4, "4×"], [0.25, "¼×"], [0.5, "½×"]];
  const play = byId("play"), loop = byId("loop"), speed = byId("speed");
  let timer = 0, shot = 0, pace = 0;

  const loops = () => loop.getAttribute("aria-pressed") === "true";

  function roll() {
    show(shots[shot][0]);
    timer = setTimeout(() => {
      shot += 1;
      if (shot === shots.length && loops()) shot = 0;
      if (shot < shots.length) roll();
      else stop();
    }, shots[shot][1] / SPEEDS[pace][0]);
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    playing(false);
  }

  function playing(now) {
    play.classList.toggle("playing", now);
    play.querySelector("span").textContent = now ? "Pause" : "Play";
  }

  function toggle() {
    if (timer) return stop();
    shot = shots.findIndex(([at]) => at === moment);
    if (shot < 0 || shot === shots.length - 1) shot = 0;
    playing(true);
    roll();
  }

  play.addEventListener("click", toggle);
  loop.addEventListener("click", () => loop.setAttribute("aria-pressed", !loops()));
  speed.addEventListener("click", () => {
    pace = (pace + 1) % SPEEDS.length;
    speed.textContent = SPEEDS[pace][1];
    speed.setAttribute("aria-label", "Speed " + SPEEDS[pace][1]);
  });
  byId("before").addEventListener("click", () => seek(moment - 1));
  byId("after").addEventListener("click", () => seek(moment + 1));
  scrub.addEventListener("input", () => seek(Number(scrub.value)));

  // --- Fingers and mice -------------------------------------------------------------------------

  const plot = byId("plot"), pictures = byId("pictures");
  const SLOP = 6; // pixels that are no drag yet

  const under = (event) => {
    const box = plot.getBoundingClientRect();
    return Math.round((last * (event.clientX - box.left)) / box.width);
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    plot.setPointerCapture(event.pointerId);
    seek(under(event));
  });
  plot.addEventListener("pointermove", (event) => {
    if (plot.hasPointerCapture(event.pointerId)) seek(under(event));
  });

  let drag = null; // across a picture, whose width is the whole time
  pictures.addEventListener("pointerdown", (event) => {
    const picture = event.target.closest("canvas");
    if (event.button || !event.isPrimary || !picture) return;
    drag = { id: event.pointerId, x: event.clientX, from: moment, far: false };
    drag.width = picture.getBoundingClientRect().width;
  });
  pictures.addEventListener("pointermove", (event) => {
    if (!drag || drag.id !== event.pointerId) return;
    const x = event.clientX - drag.x;
    if (!drag.far && Math.abs(x) < SLOP) return;
    if (!drag.far) pictures.setPointerCapture(drag.id);
    drag.far = true;
    seek(drag.from + Math.round((last * x) / drag.width));
  });
  pictures.addEventListener("pointerup", (event) => {
    if (drag && drag.id === event.pointerId && !drag.far && last) toggle();
    drag = null;
  });
  pictures.addEventListener("pointercancel", () => { drag = null; });

  // --- Keys -------------------------------------------------------------------------------------

  const keys = {
    ArrowLeft: (far) => seek(moment - far), ArrowRight: (far) => seek(moment + far),
    Home: () => seek(0), End: () => seek(last), " ": toggle,
  };
  viewButtons.forEach((button, i) => { keys[i + 1] = () => look(button.value); });
  if (!last) for (const key of ["ArrowLeft", "ArrowRight", "Home", "End", " "]) delete keys[key];

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    if (event.key === " " && event.target.closest("button, summary")) return; // they press
    event.preventDefault();
    keys[event.key](event.shiftKey ? 10 : 1);
  });
  document.addEventListener("click", (event) => {
    // what a mouse pressed gives the keys back
    if (event.detail && event.target.closest("button")) event.target.closest("button").blur();
  });

  // a printed page has room for everything
  window.addEventListener("beforeprint", () => { byId("made-of")?.setAttribute("open", ""); });

  byId("controls").hidden = false;
  show(moment);
})();
