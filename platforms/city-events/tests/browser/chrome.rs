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
        let wanted =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        self.call(Some(window), "Runtime.evaluate", wanted)["result"]["value"].clone()
    }

    /// Waits until an expression of the page is true.
    pub(crate) fn until(&mut self, window: &Window, expression: &str) {
        let begun = Instant::now();
        while self.look(window, expression) != true {
            if begun.elapsed() > PATIENCE {
                let page = self.look(window, "location.href + ' ' + document.body.innerText");
                panic!("it never was: {expression}\n{page}");
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until the page says a text, toasts included.
    pub(crate) fn reads(&mut self, window: &Window, text: &str) {
        let text = Value::from(text);
        self.until(window, &format!("document.body.innerText.includes({text})"));
    }

    /// Presses the first thing that is called so and can be seen, once it is there.
    pub(crate) fn press(&mut self, window: &Window, label: &str) {
        let label = Value::from(label);
        let find = format!(
            "['dialog[open] button', 'main button', 'main a', 'nav a, .who a'].flatMap(kind => [...document.querySelectorAll(kind)]).find(one => one.innerText.trim() === {label} && one.checkVisibility() && one.getAttribute('aria-busy') !== 'true')"
        );
        self.until(window, &format!("({find}) !== undefined"));
        // As a person does it: what a page does by itself opens no window.
        let click = json!({ "expression": format!("({find}).click()"), "userGesture": true });
        self.call(Some(window), "Runtime.evaluate", click);
    }

    /// Writes into the field of a name.
    pub(crate) fn fill(&mut self, window: &Window, field: &str, text: &str) {
        let (selector, text) = (Value::from(format!("[name={field}]")), Value::from(text));
        let find = format!(
            "[...document.querySelectorAll({selector})].find(one => one.checkVisibility())"
        );
        self.until(window, &format!("({find}) !== undefined"));
        self.look(window, &format!("({find}).value = {text}"));
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

    fn call(&mut self, window: Option<&Window>, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(window) = window {
            message["sessionId"] = window.session.clone().into();
        }
        self.to
            .write_all(format!("{message}\0").as_bytes())
            .unwrap();
        loop {
            let answer = self.from.recv_timeout(PATIENCE).unwrap();
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
