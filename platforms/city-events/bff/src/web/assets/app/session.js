  // ---- Session ----
  let token = null;
  let user = null;
  let refreshing = null;
  const otherTabs = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;

  const dataOf = (body) => body.data || body;

  function startSession(body) {
    const { tokens, user: account } = dataOf(body);
    token = tokens.access_token;
    user = account;
    localStorage.setItem("was-in", "1");
    showSession();
  }

  function endSession() {
    forgetUser();
    localStorage.removeItem("was-in");
  }

  function forgetUser() {
    token = null;
    user = null;
    showSession();
  }

  // Writes the session to attributes of the page, which the style sheet reads.
  function showSession() {
    root.dataset.session = user ? "in" : "out";
    root.dataset.role = user ? user.role || "user" : "";
    root.dataset.hasPassword = user && user.has_password === false ? "no" : "yes";
    showUser();
  }

  function showUser() {
    for (const element of document.querySelectorAll("[data-user]")) {
      const name = element.dataset.user;
      const value = name === "initial" ? ((user && user.email) || "·")[0] : user && user[name];
      element.textContent = value || "…";
    }
    for (const field of document.querySelectorAll("[data-picture=avatar]")) {
      const shown = field.querySelector(".picture-shown");
      if (user?.avatar_url && !crops.has(field)) { shown.src = user.avatar_url; shown.hidden = false; }
    }
    for (const element of document.querySelectorAll("[data-unverified]")) element.hidden = !user || user.email_verified !== false;
  }

  // Only one tab refreshes at a time, because a refresh token is valid once.
  function refresh() {
    refreshing ||= withLock(async () => {
      const response = await send("/api/auth/refresh", isCall, { method: "POST", keepalive: true });
      if (response.ok) { startSession(await response.json()); return true; }
      if (response.status === 401 || response.status === 403) endSession();
      else forgetUser();
      return false;
    }).catch(() => { showSession(); return false; }).finally(() => { refreshing = null; });
    return refreshing;
  }

  const withLock = (work) => navigator.locks ? navigator.locks.request("refresh", work) : work();

