  // ---- Two-step sign-in ----
  function showStep(...steps) {
    for (const section of document.querySelectorAll("[data-step]")) section.hidden = !steps.includes(section.dataset.step);
  }

  async function startTwoStep() {
    if (!user || !document.querySelector("[data-step]")) return;
    const response = await call("GET", "/api/auth/totp").catch(() => null);
    const { available, enabled } = response && response.ok ? dataOf(await response.json()) : {};
    showStep(enabled ? "on" : available ? "off" : "unavailable");
  }

  // The only key is in this page until the user leaves it.
  function showEnrollment({ secret, qr_code: picture }) {
    document.querySelector("[data-qr]").src = picture;
    document.querySelector("[data-key]").textContent = secret;
    showStep("setup");
    document.querySelector("[data-step=setup] [name=totp_code]").focus();
  }

  function showRecoveryCodes(codes) {
    document.querySelector("[data-qr]").removeAttribute("src");
    document.querySelector("[data-key]").textContent = "";
    const lines = codes.map((code) => Object.assign(document.createElement("li"), { textContent: code }));
    document.querySelector("[data-codes]").replaceChildren(...lines);
    showStep("codes", "on");
  }

  // Shows the field of the code if the account has a second factor.
  async function asksForCode(form, response) {
    const { error } = await response.clone().json().catch(() => ({}));
    if (error?.code !== "totp_required") return false;
    const field = form.querySelector("[data-second-factor]");
    field.hidden = false;
    field.disabled = false;
    field.querySelector("input").focus();
    return true;
  }
