"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const scrub = byId("scrub"), where = byId("where"), play = byId("play"), head = byId("head");
  const last = data.moments.length - 1;
  const pictures = data.pictures.map(() => null); // unpacked when they are wanted first
  let moment = Math.min(data.start, last);
  let view = data.views[0];
  let playing = 0;

  const lanes = data.lanes.map((lane, i) => {
    if (!lane.size) return null;
    const still = byId("still" + i), canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = lane.size;
    canvas.setAttribute("role", "img");
    canvas.hidden = true;
    still.after(canvas);
    return { ...lane, canvas, still, pen: canvas.getContext("2d"), wanted: -1 };
  }).filter(Boolean);

  function unpack(i) {
    if (!pictures[i]) {
      pictures[i] = new Image();
      pictures[i].src = "data:image/webp;base64," + data.pictures[i];
    }
    return pictures[i];
  }

  function paint(lane) {
    const frames = lane.frames[view];
    lane.wanted = frames[moment];
    const picture = unpack(lane.wanted);
    if (!picture.complete) {
      picture.addEventListener("load", () => paint(lane), { once: true });
      return;
    }
    lane.pen.drawImage(picture, 0, 0, lane.canvas.width, lane.canvas.height);
    lane.canvas.setAttribute("aria-label", (lane.label ? lane.label + ", " : "") + words());
    if (lane.canvas.hidden) {
      lane.canvas.hidden = false;
      lane.still.hidden = true;
    }
    if (moment < last) unpack(frames[moment + 1]);
  }

  const words = () => data.moments[moment];

  function show(to) {
    moment = Math.max(0, Math.min(last, to));
    scrub.value = moment;
    scrub.setAttribute("aria-valuetext", words());
    where.textContent = words();
    const x = last ? (1000 * moment) / last : 0;
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
    lanes.forEach(paint);
  }

  function stop() {
    clearTimeout(playing);
    playing = 0;
    play.textContent = "Play";
  }

  function goOn() {
    if (moment >= last) return stop();
    show(moment + 1);
    playing = setTimeout(goOn, data.milliseconds);
  }

  function toggle() {
    if (playing) return stop();
    if (moment >= last) show(0);
    play.textContent = "Pause";
    playing = setTimeout(goOn, data.milliseconds);
  }

  function seek(to) {
    stop();
    show(to);
  }

  const plot = byId("plot"), drawing = plot.querySelector("svg");
  const under = (event) => {
    const box = drawing.getBoundingClientRect();
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
  scrub.addEventListener("input", () => seek(Number(scrub.value)));
  play.addEventListener("click", toggle);
  document.querySelectorAll("input[name=view]").forEach((choice) =>
    choice.addEventListener("change", () => {
      view = choice.value;
      lanes.forEach(paint);
    }));

  const keys = {
    ArrowLeft: () => seek(moment - 1), ArrowRight: () => seek(moment + 1),
    Home: () => seek(0), End: () => seek(last), " ": toggle,
  };
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest("input, button, summary");
    if (busy || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });

  byId("controls").hidden = false;
  show(moment);
})();
