// The script of the pages of links.
(() => {
  const page = document.querySelector("main");
  const message = document.querySelector("#message");
  const token = page.dataset.token;
  const send = async (path, fields) => {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, ...fields }),
    });
    if (response.ok) return;
    let text = "Something went wrong. Try again later.";
    try {
      text = (await response.json()).error.message || text;
    } catch {}
    throw new Error(text);
  };
  const show = (text) => {
    message.textContent = text;
  };
  const showError = (error) => show(`The request failed: ${error.message}`);

  const form = document.querySelector("form");
  if (page.dataset.page === "verify") {
    // The user presses the button. A mail scanner that opens the link verifies nothing.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      form.hidden = true;
      send("/api/verify").then(() => show("Your e-mail address is verified. You can close this page."), (error) => {
        form.hidden = false;
        showError(error);
      });
    });
    return;
  }
  send("/api/reset/validate").then(() => {
    show("Choose a new password of at least 12 characters.");
    form.hidden = false;
    form.elements.password.focus();
  }, showError);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const password = form.elements.password.value;
    if (password !== form.elements.repeated.value) {
      show("The two passwords differ.");
      return;
    }
    send("/api/reset/confirm", { new_password: password }).then(() => {
      form.hidden = true;
      show("Your password is changed. Log in with the new one.");
    }, showError);
  });
})();
