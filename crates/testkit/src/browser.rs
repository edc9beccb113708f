//! Loads pages in a real browser, and checks their accessibility.

use std::{fs, io, path::Path, process::Command, time::Duration};

use data_encoding::BASE64;
use tempfile::TempDir;

use crate::requirement::required;

/// The virtual time for a check of a page. A check takes less.
const CHECK_BUDGET: Duration = Duration::from_secs(20);
/// The element with the result of the check.
const START: &str = "<pre id=\"axe\">";
/// Checks all rules of axe, and stores each violation with the elements that have it.
const CHECK: &str = r#"<script src="axe.min.js"></script><script>
axe.run().then((result) => {
  const found = result.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html).join(" "));
  const shown = document.createElement("pre");
  shown.id = "axe";
  shown.textContent = btoa(unescape(encodeURIComponent(found.join("\n"))));
  document.body.append(shown);
});
</script>"#;

/// A headless Chromium. Each page has a new profile.
///
/// ```no_run
/// use std::time::Duration;
///
/// use seaworthy_testkit::browser::Browser;
///
/// if let Some(browser) = Browser::find() {
///     let dom = browser.dump("http://127.0.0.1:3000/", Duration::from_secs(3))?;
///     assert!(dom.contains("<h1>"));
/// }
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Browser {
    program: String,
}

impl Browser {
    /// Returns the browser that `SEAWORTHY_TEST_CHROMIUM` names.
    #[must_use]
    pub fn find() -> Option<Self> {
        let program = required("SEAWORTHY_TEST_CHROMIUM")?;
        Some(Self { program })
    }

    /// Returns the DOM of a page after its scripts ran for `budget`. This is virtual time, which
    /// stops while a request is open.
    ///
    /// # Errors
    /// The browser does not start.
    pub fn dump(&self, url: &str, budget: Duration) -> io::Result<String> {
        let profile = TempDir::new()?;
        let output = Command::new(&self.program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
            .arg(format!("--virtual-time-budget={}", budget.as_millis()))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(url)
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Returns the accessibility rules that a page violates, with the elements. `page` is HTML that
    /// contains its styles. `SEAWORTHY_TEST_AXE` is the folder of modules with `axe-core`. Returns
    /// `None` if it is not set.
    ///
    /// # Errors
    /// The browser does not start, or the check does not finish.
    pub fn violations(&self, page: &str) -> io::Result<Option<Vec<String>>> {
        let Some(modules) = required("SEAWORTHY_TEST_AXE") else {
            return Ok(None);
        };
        let folder = TempDir::new()?;
        let script = "axe.min.js";
        let source = Path::new(&modules).join("axe-core").join(script);
        fs::copy(source, folder.path().join(script))?;
        let file = folder.path().join("page.html");
        let end = page.rfind("</body>").unwrap_or(page.len());
        let (before, after) = page.split_at(end);
        fs::write(&file, format!("{before}{CHECK}{after}"))?;
        let dom = self.dump(&format!("file://{}", file.display()), CHECK_BUDGET)?;
        let found = dom
            .split_once(START)
            .and_then(|(_, rest)| rest.split_once('<'));
        let (encoded, _) = found.ok_or_else(|| io::Error::other("the check did not finish"))?;
        let decoded = BASE64
            .decode(encoded.as_bytes())
            .map_err(io::Error::other)?;
        let text = String::from_utf8_lossy(&decoded);
        let lines = text.lines().filter(|line| !line.is_empty());
        Ok(Some(lines.map(str::to_owned).collect()))
    }
}
