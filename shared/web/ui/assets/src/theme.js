// Runs before the first paint: the view that this browser chose (light, dark, high contrast).
(() => {
  const [theme, contrast] = (localStorage.getItem("ieum-view") ?? "").split(" ");
  if (theme) document.documentElement.dataset.theme = theme;
  if (contrast) document.documentElement.dataset.contrast = contrast;
})();
