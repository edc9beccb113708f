use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Time limit of everything that tests wait for, on the slowest machine.
const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Errors of the browser for an expression whose page was left.
const NAVIGATION_ERRORS: [&str; 4] = [
    "Inspected target navigated or closed",
    "Execution context was destroyed",
    "Cannot find context with specified id",
    "Promise was collected",
];

/// A headless browser that is controlled by the Chrome DevTools protocol over two pipes.
pub(super) struct Chrome {
    child: Child,
    requests: File,
    messages: Receiver<Value>,
    last_id: u64,
    _directory: TempDir,
}

/// A window with its own cookies.
pub(super) struct Window {
    session: String,
}

impl Chrome {
    pub(super) fn start(program: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let pipe = |name: &str| {
            let path = directory.path().join(name);
            let made = Command::new("mkfifo").arg(&path).status().unwrap();
            assert!(made.success());
            path
        };
        let (requests, messages) = (pipe("requests"), pipe("messages"));
        // The browser expects the pipes as file descriptors 3 and 4.
        let child = Command::new("sh")
            .arg("-c")
            .arg("exec 3<\"$REQUESTS\" 4>\"$MESSAGES\"; exec \"$@\"")
            .arg("sh")
            .arg(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--remote-debugging-pipe",
                "--force-prefers-reduced-motion",
            ])
            .arg(format!(
                "--user-data-dir={}",
                directory.path().join("home").display()
            ))
            .env("REQUESTS", &requests)
            .env("MESSAGES", &messages)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let requests = OpenOptions::new().write(true).open(requests).unwrap();
        let messages = File::open(messages).unwrap();
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for message in BufReader::new(messages).split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else {
                    continue;
                };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            requests,
            messages: receiver,
            last_id: 0,
            _directory: directory,
        }
    }

    /// Opens a window that shares no cookies with others.
    pub(super) fn window(&mut self) -> Window {
        let context = self.call(None, "Target.createBrowserContext", json!({}));
        let target =
            json!({ "url": "about:blank", "browserContextId": context["browserContextId"] });
        let target = self.call(None, "Target.createTarget", target);
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", attach);
        let window = Window {
            session: attached["sessionId"].as_str().unwrap().to_owned(),
        };
        self.size(&window, 1280, 900, false);
        window
    }

    /// Sets the size and the colour scheme of a window.
    pub(super) fn size(&mut self, window: &Window, width: u32, height: u32, is_dark: bool) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call(Some(window), "Emulation.setDeviceMetricsOverride", metrics);
        let value = if is_dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.call(Some(window), "Emulation.setEmulatedMedia", media);
    }

    /// Opens a URL and waits until its script has run.
    pub(super) fn open(&mut self, window: &Window, url: &str) {
        self.call(Some(window), "Page.navigate", json!({ "url": url }));
        self.wait_for(window, "document.readyState === 'complete' && document.documentElement.dataset.session !== 'unknown'");
    }

    /// Turns the scripts of pages off. Expressions of the test still run.
    pub(super) fn disable_scripts(&mut self, window: &Window) {
        let disabled = json!({ "value": true });
        self.call(
            Some(window),
            "Emulation.setScriptExecutionDisabled",
            disabled,
        );
    }

    /// Opens a URL without a script.
    pub(super) fn open_plain(&mut self, window: &Window, url: &str) {
        self.call(Some(window), "Page.navigate", json!({ "url": url }));
        self.wait_for(window, "document.readyState === 'complete'");
    }

    /// Returns the value of a JavaScript expression.
    pub(super) fn evaluate(&mut self, window: &Window, expression: &str) -> Value {
        let value = self.try_evaluate(window, expression, false);
        value.unwrap_or_else(|| panic!("the page navigated during {expression}"))
    }

    /// Waits until a JavaScript expression is true.
    pub(super) fn wait_for(&mut self, window: &Window, expression: &str) {
        self.wait(window, expression, false);
    }

    /// Waits until the page shows a text, including toasts.
    pub(super) fn wait_for_text(&mut self, window: &Window, text: &str) {
        let text = Value::from(text);
        self.wait_for(window, &format!("document.body.innerText.includes({text})"));
    }

    /// Waits for a visible button or link with a label, and presses it.
    pub(super) fn press(&mut self, window: &Window, label: &str) {
        let label = Value::from(label);
        let press = format!(
            "['dialog[open] button', 'main button', 'main a', 'nav a, .who a'].flatMap(kind => [...document.querySelectorAll(kind)]).filter(one => one.innerText.trim() === {label} && one.checkVisibility() && one.getAttribute('aria-busy') !== 'true').slice(0, 1).map(one => one.click()).length === 1"
        );
        // A browser opens popups only after a user gesture.
        self.wait(window, &press, true);
    }

    /// Waits for a visible field with a name, and sets its value.
    pub(super) fn fill(&mut self, window: &Window, field: &str, text: &str) {
        let (selector, text) = (Value::from(format!("[name={field}]")), Value::from(text));
        let fill = format!(
            "[...document.querySelectorAll({selector})].filter(one => one.checkVisibility()).slice(0, 1).map(one => one.value = {text}).length === 1"
        );
        self.wait_for(window, &fill);
    }

    /// Saves a screenshot in the folder that `SEAWORTHY_TEST_PICTURES` names, if it is set.
    pub(super) fn screenshot(&mut self, window: &Window, name: &str) {
        let Some(folder) = std::env::var_os("SEAWORTHY_TEST_PICTURES") else {
            return;
        };
        let picture = self.call(
            Some(window),
            "Page.captureScreenshot",
            json!({ "format": "png" }),
        );
        let picture = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), picture).unwrap();
    }

    fn wait(&mut self, window: &Window, expression: &str, user_gesture: bool) {
        let start = Instant::now();
        while self.try_evaluate(window, expression, user_gesture) != Some(Value::Bool(true)) {
            if start.elapsed() > TIMEOUT {
                let page = "location.href + ' ' + document.body.innerText";
                let page = self.try_evaluate(window, page, false);
                panic!("not after {TIMEOUT:?}: {expression}\n{page:?}");
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Returns the value of an expression, or `None` if the page navigates during the call.
    fn try_evaluate(
        &mut self,
        window: &Window,
        expression: &str,
        user_gesture: bool,
    ) -> Option<Value> {
        let parameters = json!({
            "expression": expression,
            "returnByValue": true,
            "awaitPromise": true,
            "userGesture": user_gesture,
        });
        match self.send(Some(window), "Runtime.evaluate", parameters) {
            Ok(response) => Some(response["result"]["value"].clone()),
            Err(error) if is_navigation(&error) => None,
            Err(error) => panic!("{expression}: {error}"),
        }
    }

    fn call(&mut self, window: Option<&Window>, method: &str, parameters: Value) -> Value {
        self.send(window, method, parameters)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn send(
        &mut self,
        window: Option<&Window>,
        method: &str,
        parameters: Value,
    ) -> Result<Value, Value> {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let Some(window) = window {
            message["sessionId"] = window.session.clone().into();
        }
        self.requests
            .write_all(format!("{message}\0").as_bytes())
            .unwrap();
        loop {
            let mut message = self.messages.recv_timeout(TIMEOUT).unwrap();
            if message["id"] == self.last_id {
                return match message["error"].take() {
                    Value::Null => Ok(message["result"].take()),
                    error => Err(error),
                };
            }
        }
    }
}

fn is_navigation(error: &Value) -> bool {
    let message = error["message"].as_str().unwrap_or_default();
    NAVIGATION_ERRORS
        .iter()
        .any(|navigation| message.contains(navigation))
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
