  // ---- Actions ----
  // The idempotency keys of actions without a response. A repeated click sends the same key.
  const keys = new Map();

  // Asks for a confirmation. Resolves to null if the user cancels.
  function confirmed(text, withReason) {
    const dialog = document.getElementById("ask");
    const reason = document.getElementById("ask-reason");
    document.getElementById("ask-text").textContent = text;
    reason.hidden = !withReason;
    reason.querySelector("textarea").value = "";
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((done) => dialog.addEventListener("close", () => {
      done(dialog.returnValue === "yes" ? { reason: reason.querySelector("textarea").value } : null);
    }, { once: true }));
  }

  // Sends the call of a button.
  async function post(button) {
    if (button.getAttribute("aria-busy") === "true") return;
    const { post: address, confirm, done, then, userId, method = "POST" } = button.dataset;
    let body = userId ? { user_id: userId } : {};
    let path = address;
    if (confirm) {
      const answer = await confirmed(confirm, "reason" in button.dataset);
      if (!answer) return;
      if ("reason" in button.dataset) body.reason = answer.reason;
    }
    if (method === "DELETE") {
      if (body.reason) path += `?reason=${encodeURIComponent(body.reason)}`;
      body = undefined;
    }
    button.setAttribute("aria-busy", "true");
    let key;
    if ("idempotent" in button.dataset) {
      key = keys.get(address) || crypto.randomUUID();
      keys.set(address, key);
    }
    try {
      const response = await call(method, path, { body, key });
      keys.delete(address);
      if (response.ok) {
        if (done) toast(done);
        if (then === "logout") { endSession(); navigate("/login"); }
      } else {
        toast(await errorMessage(response), "bad");
      }
      reload();
    } catch {
      toast("No response. Try again: the action is not repeated.", "bad");
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  async function logout() {
    const response = await send("/api/auth/logout", isCall, { method: "POST" }).catch(() => null);
    // The cookie still exists and would sign in the next user of this browser.
    if (!response || !response.ok) { toast("You are still signed in. Try again.", "bad"); return; }
    endSession();
    otherTabs?.postMessage("out");
    navigate("/");
  }

  async function sendVerification(button) {
    button.disabled = true;
    const response = await call("POST", "/api/auth/verify-email/request", { body: { email: user.email } }).catch(() => null);
    button.disabled = false;
    if (response && response.ok) toast("Sent. Check your mailbox.");
    else toast(response ? await errorMessage(response) : "The network is unavailable.", "bad");
  }

