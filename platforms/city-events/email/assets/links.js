// Asks what the link of a message is good for.
(() => {
  const page = document.querySelector("main");
  const said = document.querySelector("#said");
  const token = page.dataset.token;
  const ask = async (path, more) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, ...more }),
    });
    if (answer.ok) return;
    let message = "Something went wrong. Try again later.";
    try {
      message = (await answer.json()).error.message || message;
    } catch {}
    throw new Error(message);
  };
  const tell = (text) => {
    said.textContent = text;
  };
  const failed = (error) => tell(`This did not work: ${error.message}`);

  const form = document.querySelector("form");
  if (page.dataset.page === "verify") {
    // The user presses the button. A mail scanner that opens the link verifies nothing.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      form.hidden = true;
      ask("/api/verify").then(() => tell("Your e-mail address is verified. You can close this page."), (error) => {
        form.hidden = false;
        failed(error);
      });
    });
    return;
  }
  ask("/api/reset/validate").then(() => {
    tell("Choose a new password of at least 12 characters.");
    form.hidden = false;
    form.elements.password.focus();
  }, failed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const password = form.elements.password.value;
    if (password !== form.elements.again.value) {
      tell("The two passwords are not the same.");
      return;
    }
    ask("/api/reset/confirm", { new_password: password }).then(() => {
      form.hidden = true;
      tell("Your password is changed. Log in with the new one.");
    }, failed);
  });
})();
