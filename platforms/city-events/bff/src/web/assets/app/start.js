  // ---- Start ----
  otherTabs?.addEventListener("message", ({ data }) => {
    if (data === "out") { forgetUser(); startPage(); }
    if (data === "in" && !user) refresh().then(startPage);
  });

  (async () => {
    const login = takeStoredLogin();
    if (login) { finishLogin(login); startPage(); return; }
    // A browser without an earlier session needs no refresh, which would fail.
    if (localStorage.getItem("was-in")) await refresh(); else showSession();
    if (root.dataset.session === "unknown") showSession();
    startPage();
  })();
