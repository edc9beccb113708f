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

/// Nothing that a person would wait for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at a page.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the browser says of a page that went away before it had answered.
const LEFT: [&str; 4] = [
    "Inspected target navigated or closed",
    "Execution context was destroyed",
    "Cannot find context with specified id",
    "Promise was collected",
];

/// A browser without a window, told what to do by its own protocol over two pipes.
pub(crate) struct Chrome {
    child: Child,
    to: File,
    from: Receiver<Value>,
    last: u64,
    _place: TempDir,
}

/// A window with a session of its own.
pub(crate) struct Window {
    session: String,
}

impl Chrome {
    pub(crate) fn start(program: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let pipe = |name: &str| {
            let path = place.path().join(name);
            let made = Command::new("mkfifo").arg(&path).status().unwrap();
            assert!(made.success());
            path
        };
        let (to, from) = (pipe("to"), pipe("from"));
        // The shell gives the browser the pipes under the numbers that it knows.
        let child = Command::new("sh")
            .arg("-c")
            .arg("exec 3<\"$TO\" 4>\"$FROM\"; exec \"$@\"")
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
                place.path().join("home").display()
            ))
            .env("TO", &to)
            .env("FROM", &from)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = OpenOptions::new().write(true).open(to).unwrap();
        let from = File::open(from).unwrap();
        let (sender, answers) = channel();
        thread::spawn(move || {
            for message in BufReader::new(from).split(0).map_while(Result::ok) {
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
            to,
            from: answers,
            last: 0,
            _place: place,
        }
    }

    /// A window of somebody else: it shares no cookie with others.
    pub(crate) fn window(&mut self) -> Window {
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

    /// Gives the window a size, and light or dark colours.
    pub(crate) fn size(&mut self, window: &Window, width: u32, height: u32, is_dark: bool) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call(Some(window), "Emulation.setDeviceMetricsOverride", metrics);
        let value = if is_dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.call(Some(window), "Emulation.setEmulatedMedia", media);
    }

    pub(crate) fn open(&mut self, window: &Window, address: &str) {
        self.call(Some(window), "Page.navigate", json!({ "url": address }));
        self.until(window, "document.readyState === 'complete' && document.documentElement.dataset.session !== 'unknown'");
    }

    /// What an expression of the page is.
    pub(crate) fn look(&mut self, window: &Window, expression: &str) -> Value {
        let seen = self.glimpse(window, expression, false);
        seen.unwrap_or_else(|| panic!("the page was left while it was asked: {expression}"))
    }

    /// Waits until an expression of the page is true.
    pub(crate) fn until(&mut self, window: &Window, expression: &str) {
        self.wait(window, expression, false);
    }

    /// Waits until the page says a text, toasts included.
    pub(crate) fn reads(&mut self, window: &Window, text: &str) {
        let text = Value::from(text);
        self.until(window, &format!("document.body.innerText.includes({text})"));
    }

    /// Presses the first thing that is called so and can be seen, once it is there.
    pub(crate) fn press(&mut self, window: &Window, label: &str) {
        let label = Value::from(label);
        let press = format!(
            "['dialog[open] button', 'main button', 'main a', 'nav a, .who a'].flatMap(kind => [...document.querySelectorAll(kind)]).filter(one => one.innerText.trim() === {label} && one.checkVisibility() && one.getAttribute('aria-busy') !== 'true').slice(0, 1).map(one => one.click()).length === 1"
        );
        // As a person does it: what a page does by itself opens no window.
        self.wait(window, &press, true);
    }

    /// Writes into the field of a name, once it is there.
    pub(crate) fn fill(&mut self, window: &Window, field: &str, text: &str) {
        let (selector, text) = (Value::from(format!("[name={field}]")), Value::from(text));
        let fill = format!(
            "[...document.querySelectorAll({selector})].filter(one => one.checkVisibility()).slice(0, 1).map(one => one.value = {text}).length === 1"
        );
        self.until(window, &fill);
    }

    /// Keeps a picture of the window in a folder, where one is named.
    pub(crate) fn picture(&mut self, window: &Window, name: &str) {
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

    fn wait(&mut self, window: &Window, expression: &str, by_hand: bool) {
        let begun = Instant::now();
        while self.glimpse(window, expression, by_hand) != Some(Value::Bool(true)) {
            if begun.elapsed() > PATIENCE {
                let page = "location.href + ' ' + document.body.innerText";
                let page = self.glimpse(window, page, false);
                panic!("it never was: {expression}\n{page:?}");
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// What an expression of the page is, or none where the page is left for another meanwhile.
    fn glimpse(&mut self, window: &Window, expression: &str, by_hand: bool) -> Option<Value> {
        let wanted = json!({
            "expression": expression,
            "returnByValue": true,
            "awaitPromise": true,
            "userGesture": by_hand,
        });
        match self.ask(Some(window), "Runtime.evaluate", wanted) {
            Ok(seen) => Some(seen["result"]["value"].clone()),
            Err(refused) if is_left(&refused) => None,
            Err(refused) => panic!("{expression}: {refused}"),
        }
    }

    fn call(&mut self, window: Option<&Window>, method: &str, parameters: Value) -> Value {
        self.ask(window, method, parameters)
            .unwrap_or_else(|refused| panic!("{method}: {refused}"))
    }

    fn ask(
        &mut self,
        window: Option<&Window>,
        method: &str,
        parameters: Value,
    ) -> Result<Value, Value> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(window) = window {
            message["sessionId"] = window.session.clone().into();
        }
        self.to
            .write_all(format!("{message}\0").as_bytes())
            .unwrap();
        loop {
            let mut answer = self.from.recv_timeout(PATIENCE).unwrap();
            if answer["id"] == self.last {
                return match answer["error"].take() {
                    Value::Null => Ok(answer["result"].take()),
                    refused => Err(refused),
                };
            }
        }
    }
}

/// Whether a browser refused a question because its page is no longer there to answer.
fn is_left(refused: &Value) -> bool {
    let said = refused["message"].as_str().unwrap_or_default();
    LEFT.iter().any(|left| said.contains(left))
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
