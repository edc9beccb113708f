  // ---- OAuth login ----
  let providers = null;

  // Shows the buttons of providers that the auth service offers.
  async function showProviders() {
    const buttons = [...document.querySelectorAll("[data-provider]")];
    if (!buttons.length) return;
    providers ||= send("/api/auth/oauth/providers", isCall).then(async (response) => {
      if (!response.ok) throw new Error("the providers cannot be read");
      return dataOf(await response.json()).providers;
    });
    const offered = await providers.catch(() => { providers = null; return []; });
    for (const button of buttons) button.hidden = !offered.includes(button.dataset.provider);
  }

  // Opens a pop-up, which posts its result and closes. If the browser blocks it, this window goes to
  // the provider. The last page then stores the result for the next page of this site.
  function signInWith(provider, form) {
    form.querySelector(".alert").hidden = true;
    const address = local(`/api/auth/oauth/${encodeURIComponent(provider)}/start?redirect_to=${encodeURIComponent(next(form))}`);
    if (!address || !below(address, "/api/auth/oauth/")) return;
    const popup = open(address, "sign-in", "popup,width=480,height=640");
    if (!popup) location.assign(address);
  }

  addEventListener("message", ({ origin, data }) => {
    if (origin !== location.origin || !data) return;
    const form = document.querySelector("form:has([data-provider])");
    if (data.type === "oauth_success") {
      finishLogin(data);
      navigate(form ? next(form) : "/");
    } else if (data.type === "oauth_error" && form) {
      showError(form, `The login failed: ${data.error}.`);
    }
  });

  function finishLogin({ access_token, user: account }) {
    startSession({ tokens: { access_token }, user: account });
    otherTabs?.postMessage("in");
    // The message does not include whether the account has a password.
    call("GET", "/api/auth/me").then(async (response) => {
      if (!response.ok || !user) return;
      user = dataOf(await response.json()).user;
      showSession();
    }).catch(() => {});
  }

  function takeStoredLogin() {
    const text = sessionStorage.getItem("oauth_result");
    sessionStorage.removeItem("oauth_result");
    return text && JSON.parse(text);
  }

