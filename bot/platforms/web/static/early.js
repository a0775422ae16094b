// Sets the theme before anything is drawn, so that the page does not flash.
(() => {
  try {
    const theme = localStorage.getItem("yomite.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // A browser that keeps nothing follows the system.
  }
})();
