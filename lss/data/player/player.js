/* Plays the frames in the JSON element #movie in the viewer #player (3Dmol.js). */
(function () {
  "use strict";
  const movie = JSON.parse(document.getElementById("movie").textContent);
  const box = document.getElementById("player");
  const slider = document.getElementById("player-frame");
  const button = document.getElementById("player-play");
  const label = document.getElementById("player-label");
  const last = movie.frames.length - 1;
  let timer = null;

  const neighbours = movie.colours.map(() => []);
  for (const [i, j] of movie.bonds) {
    neighbours[i].push(j);
    neighbours[j].push(i);
  }

  function atoms(xyz) {
    return movie.colours.map((color, i) => ({
      elem: "C", serial: i, index: i, color: color,
      x: xyz[3 * i], y: xyz[3 * i + 1], z: xyz[3 * i + 2],
      bonds: neighbours[i], bondOrder: neighbours[i].map(() => 1),
    }));
  }

  function show(k) {
    slider.value = k;
    label.textContent = movie.labels[k];
    box.dataset.frame = k;
    const xyz = movie.frames[k];
    for (const atom of model.selectedAtoms({})) {
      [atom.x, atom.y, atom.z] = xyz.slice(3 * atom.index, 3 * atom.index + 3);
    }
    viewer.setStyle({}, style); // has the moved atoms drawn anew
    viewer.render();
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }

  let viewer;
  try {
    viewer = $3Dmol.createViewer(box, { backgroundColor: "white" });
    if (!viewer) throw new Error("no WebGL");
  } catch (error) {
    box.textContent = "This browser cannot draw in 3D (no WebGL); see the still pictures.";
    box.dataset.state = "no-webgl";
    slider.disabled = button.disabled = true;
    return;
  }
  const model = viewer.addModel();
  model.addAtoms(atoms(movie.frames[0]));
  const style = movie.bonds.length ? { stick: { radius: 0.25 } } : { sphere: { radius: 0.6 } };
  show(0);
  viewer.zoomTo();
  viewer.render();
  box.dataset.state = "ready";

  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  button.addEventListener("click", () => {
    if (timer !== null) return stop();
    button.textContent = "Pause";
    timer = setInterval(() => show(Number(slider.value) < last ? Number(slider.value) + 1 : 0), 80);
  });
})();
