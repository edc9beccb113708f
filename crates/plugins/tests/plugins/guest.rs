//! Builds components from WebAssembly text.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use seaworthy_plugins::{Interface, SigningKey, World, pack};

/// The address of a successful result without values in the memory of every guest.
const OK: &str = "(i32.const 16)";
const INTERFACE: &str = "seaworthy:plugin";
/// The body of `cabi_realloc`: returns the next free memory.
const REALLOC: &str = "
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (local.set 4 (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get 3)))
    (local.get 4)";

/// A guest with a body for each function.
#[derive(Clone)]
pub(crate) struct Guest {
    version: &'static str,
    world: World,
    imports: String,
    data: String,
    /// The core functions that are not exports.
    functions: String,
    hook: Option<String>,
    handle: Option<String>,
    decide: Option<String>,
    initialize: String,
    /// The bodies of the other steps of the life cycle.
    steps: BTreeMap<&'static str, String>,
    start_function: &'static str,
    realloc: &'static str,
    pages: u32,
}

impl Guest {
    fn new(world: World) -> Self {
        Self {
            version: "0.1.0",
            world,
            imports: String::new(),
            data: String::new(),
            functions: String::new(),
            hook: None,
            handle: None,
            decide: None,
            initialize: OK.to_owned(),
            steps: BTreeMap::new(),
            start_function: "",
            realloc: REALLOC,
            pages: 1,
        }
    }

    /// A guest whose hook has this body. The body leaves the address of the result on the stack.
    pub(crate) fn hook(body: &str) -> Self {
        let hook = Some(body.to_owned());
        Self {
            hook,
            ..Self::new(World::RequestHook)
        }
    }

    /// A guest whose hook succeeds without setting values.
    pub(crate) fn quiet() -> Self {
        Self::hook(OK)
    }

    /// A guest whose hook rejects every call.
    pub(crate) fn rejecting(status: u16, reason: &str) -> Self {
        Self::hook("(i32.const 512)")
            // ok, reject, status, reason.
            .with_words(512, &[0, 1, u32::from(status), 1024, length(reason)])
            .with_text(1024, reason)
    }

    /// A guest whose hook sets one value.
    pub(crate) fn setting(name: &str, json: &str) -> Self {
        Self::hook("(i32.const 512)")
            // ok, proceed, one entry.
            .with_words(512, &[0, 0, 600, 1])
            .with_words(600, &[1024, length(name), 1536, length(json)])
            .with_text(1024, name)
            .with_text(1536, json)
    }

    /// A guest whose hook reports a failure.
    pub(crate) fn failing(problem: &str) -> Self {
        Self::hook("(i32.const 512)")
            .with_words(512, &[1, 1024, length(problem)])
            .with_text(1024, problem)
    }

    /// A guest whose hook requests a URL. `then` runs after it. The response or its rejection is at
    /// 600.
    pub(crate) fn requesting(url: &str, then: &str) -> Self {
        let body = format!("{} {then}", send(url));
        Self::hook(&body).with_request(url)
    }

    /// A guest whose event handler requests a URL, and fails if it gets no response.
    pub(crate) fn requesting_in_handler(url: &str) -> Self {
        // A result with an error traps.
        let body = format!(
            "{} (if (i32.load8_u (i32.const 600)) (then unreachable)) {OK}",
            send(url)
        );
        Self::handler(&body).with_request(url)
    }

    /// A guest whose hook succeeds, and whose `initialize` requests a URL before it runs `then`.
    pub(crate) fn requesting_in_initialize(url: &str, then: &str) -> Self {
        let body = format!("{} {then}", send(url));
        Self::quiet().with_initialize(&body).with_request(url)
    }

    /// A guest whose hook succeeds, and whose `start`, `stop` or `cleanup` requests a URL.
    pub(crate) fn requesting_in_step(step: &'static str, url: &str) -> Self {
        let body = format!("{} {OK}", send(url));
        Self::quiet().with_request(url).with_step(step, &body)
    }

    /// Also requests a URL in another step.
    pub(crate) fn with_request_in_step(self, step: &'static str, url: &str) -> Self {
        let length = length(url);
        let body = format!(
            "(call $send (i32.const 3000) (i32.const 3) (i32.const 3100) (i32.const {length})
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3600)) {OK}"
        );
        self.with_text(3000, "GET")
            .with_text(3100, url)
            .with_step(step, &body)
    }

    fn with_request(self, url: &str) -> Self {
        self.import("http", "send", &format!("(param {})", "i32 ".repeat(9)))
            .with_text(1024, "GET")
            .with_text(1100, url)
    }

    /// A guest whose hook publishes an event. It fails with the error of the host.
    pub(crate) fn publishing(kind: &str, data: &str) -> Self {
        let (kind_length, data_length) = (length(kind), length(data));
        let body = format!(
            "(call $publish (i32.const 1024) (i32.const {kind_length}) (i32.const 1200)
               (i32.const {data_length}) (i32.const 0) (i32.const 0) (i32.const 600))
             (if (result i32) (i32.load8_u (i32.const 600))
               (then
                 (i32.store (i32.const 516) (i32.load (i32.const 604)))
                 (i32.store (i32.const 520) (i32.load (i32.const 608)))
                 (i32.const 512))
               (else {OK}))"
        );
        Self::hook(&body)
            .version("0.3.0")
            .import("bus", "publish", &format!("(param {})", "i32 ".repeat(7)))
            .with_words(512, &[1, 0, 0])
            .with_text(1024, kind)
            .with_text(1200, data)
    }

    /// A guest whose event handler has this body.
    pub(crate) fn handler(body: &str) -> Self {
        let handle = Some(body.to_owned());
        Self {
            handle,
            ..Self::new(World::EventHandler)
        }
    }

    /// A guest whose decision has this body.
    pub(crate) fn deciding(body: &str) -> Self {
        let decide = Some(body.to_owned());
        Self {
            decide,
            ..Self::new(World::PolicyDecision)
        }
    }

    /// A guest that denies every action.
    pub(crate) fn denying(reason: &str) -> Self {
        Self::deciding("(i32.const 512)")
            .with_words(512, &[1, 1024, length(reason)])
            .with_text(1024, reason)
    }

    /// Sets the version of the interface.
    pub(crate) fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Adds an import of a core function with the name `$name`.
    pub(crate) fn import(mut self, interface: &str, function: &str, signature: &str) -> Self {
        let module = format!("{INTERFACE}/{interface}@{}", self.version);
        let _ = writeln!(
            self.imports,
            "(import \"{module}\" \"{function}\" (func ${function} {signature}))"
        );
        self
    }

    /// Adds core functions. They may have exports.
    pub(crate) fn with_functions(mut self, functions: &str) -> Self {
        self.functions.push_str(functions);
        self
    }

    /// Sets the body of `initialize`.
    pub(crate) fn with_initialize(mut self, body: &str) -> Self {
        self.initialize = body.to_owned();
        self
    }

    /// Sets the body of `start`, `stop`, `cleanup` or `health-check`.
    pub(crate) fn with_step(mut self, step: &'static str, body: &str) -> Self {
        self.steps.insert(step, body.to_owned());
        self
    }

    /// Lets only the first `start` of a version succeed. It needs the capability `key_value`.
    pub(crate) fn starting_once(self) -> Self {
        let key = "(i32.const 3500) (i32.const 1)";
        let body = format!(
            "(call $get {key} (i32.const 3600))
             (if (i32.load8_u (i32.const 3600)) (then unreachable))
             (call $set {key} {key} (i32.const 3600)) {OK}"
        );
        self.import("key-value", "get", "(param i32 i32 i32)")
            .import("key-value", "set", "(param i32 i32 i32 i32 i32)")
            .with_text(3500, "k")
            .with_step("start", &body)
    }

    /// Requests `URL/stop` and `URL/cleanup` in the steps `stop` and `cleanup`.
    pub(crate) fn with_reports(mut self, url: &str) -> Self {
        self = self
            .import("http", "send", &format!("(param {})", "i32 ".repeat(9)))
            .with_text(3000, "GET");
        for (step, address) in [("stop", 3100), ("cleanup", 3300)] {
            let url = format!("{url}{step}");
            let body = format!(
                "(call $send (i32.const 3000) (i32.const 3) (i32.const {address}) (i32.const {})
                   (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3600)) {OK}",
                length(&url)
            );
            self.steps.insert(step, body);
            self = self.with_text(address, &url);
        }
        self
    }

    /// Sets the body of the function that returns memory for the data of a call.
    pub(crate) fn with_realloc(mut self, body: &'static str) -> Self {
        self.realloc = body;
        self
    }

    /// Sets the size of the memory, in pages of 64 KiB.
    pub(crate) fn with_pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    /// Runs the function `$begin` when the component is instantiated.
    pub(crate) fn with_start_function(mut self) -> Self {
        self.start_function = "(start $begin)";
        self
    }

    /// Stores a text at an address.
    pub(crate) fn with_text(mut self, address: u32, text: &str) -> Self {
        let _ = writeln!(self.data, "(data (i32.const {address}) {text:?})");
        self
    }

    /// Stores 32-bit words at an address.
    pub(crate) fn with_words(mut self, address: u32, words: &[u32]) -> Self {
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        let bytes: String = bytes.map(|byte| format!("\\{byte:02x}")).collect();
        let _ = writeln!(self.data, "(data (i32.const {address}) \"{bytes}\")");
        self
    }

    /// Returns the core module in text form.
    pub(crate) fn text(&self) -> String {
        let version = self.version;
        let export = |interface: &str, function: &str, parameters: &str, body: &str| {
            format!(
                "(func (export \"{INTERFACE}/{interface}@{version}#{function}\") {parameters} (result i32) {body})\n"
            )
        };
        let mut functions = export(
            "lifecycle",
            "initialize",
            "(param i32 i32)",
            &self.initialize,
        );
        for step in ["start", "stop", "cleanup", "health-check"] {
            let body = self.steps.get(step).map_or(OK, String::as_str);
            functions += &export("lifecycle", step, "", body);
        }
        if let Some(body) = &self.hook {
            // The canonical ABI passes more than 16 words in memory.
            let parameters = match version {
                "0.1.0" => format!("(param {})", "i32 ".repeat(13)),
                _ => "(param i32)".to_owned(),
            };
            functions += &export("hooks", "run", &parameters, body);
        }
        if let Some(body) = &self.handle {
            let parameters = format!("(param {})", "i32 ".repeat(14));
            functions += &export("events", "handle", &parameters, body);
        }
        if let Some(body) = &self.decide {
            let parameters = format!("(param {})", "i32 ".repeat(8));
            functions += &export("policy", "decide", &parameters, body);
        }
        format!(
            "(module {imports}
               (memory (export \"memory\") {pages})
               (global $free (mut i32) (i32.const {free}))
               {data} {more} {start}
               (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (local i32)
                 {realloc})
               {functions})",
            imports = self.imports,
            data = self.data,
            more = self.functions,
            start = self.start_function,
            realloc = self.realloc,
            pages = self.pages,
            // The first half of several pages is for the data of the guest.
            free = match self.pages {
                1 => 8192,
                pages => pages / 2 * 65_536,
            },
        )
    }

    /// Returns the component.
    pub(crate) fn build(&self) -> Vec<u8> {
        let api = match self.version {
            "0.1.0" => Interface::V0_1,
            "0.2.0" => Interface::V0_2,
            _ => Interface::V0_3,
        };
        pack(self.text().as_bytes(), api, self.world).unwrap()
    }
}

/// The call of the host that requests a URL.
fn send(url: &str) -> String {
    let length = length(url);
    format!(
        "(call $send (i32.const 1024) (i32.const 3) (i32.const 1100) (i32.const {length})
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 600))"
    )
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap()
}

/// Returns the SHA-256 hash of bytes in hexadecimal form.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let hash = <sha2::Sha256 as sha2::Digest>::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a plugin to `folder/name`, with further lines of its manifest, signed by `key`.
pub(crate) fn write(folder: &Path, name: &str, more: &str, component: &[u8], key: &SigningKey) {
    let home = folder.join(name);
    fs::create_dir_all(&home).unwrap();
    let hash = sha256_hex(component);
    let api = match more.contains("api = ") {
        true => "",
        false => "api = \"0.1.0\"\n",
    };
    let version = match more.contains("version = ") {
        true => "",
        false => "version = \"1.0.0\"\n",
    };
    let manifest = format!("name = \"{name}\"\nsha256 = \"{hash}\"\n{version}{api}{more}");
    fs::write(home.join("plugin.wasm"), component).unwrap();
    fs::write(
        home.join("plugin.sig"),
        key.sign(manifest.as_bytes()).encode(),
    )
    .unwrap();
    fs::write(home.join("new"), &manifest).unwrap();
    fs::rename(home.join("new"), home.join("plugin.toml")).unwrap();
}
