//! Covers without a script: forms and a session in a cookie (FILE-1).

use reqwest::{Client, RequestBuilder, header, redirect::Policy};

use crate::{
    app::TestApp,
    client::{Client as User, PASSWORD},
    eventually::eventually,
    pictures::{decode, red_and_blue},
};

/// A browser without a script, with the cookie of a session.
struct PlainBrowser {
    client: Client,
    gateway: String,
    cookie: String,
}

struct Page {
    status: u16,
    location: String,
    text: String,
}

impl PlainBrowser {
    fn new(app: &TestApp) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            gateway: format!("http://{}", app.address),
            cookie: String::new(),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Page {
        let request = request.header(header::COOKIE, &self.cookie);
        let answer = request.send().await.unwrap();
        let location = answer.headers().get(header::LOCATION);
        Page {
            status: answer.status().as_u16(),
            location: location
                .map_or("", |value| value.to_str().unwrap())
                .to_owned(),
            text: answer.text().await.unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Page {
        self.send(self.client.get(format!("{}{path}", self.gateway)))
            .await
    }

    async fn post(&self, path: &str) -> Page {
        self.send(self.client.post(format!("{}{path}", self.gateway)))
            .await
    }

    /// Sends a form with the part of a picture and a file.
    async fn upload(&self, path: &str, [x, y, zoom]: [&str; 3], file: &[u8]) -> Page {
        let field = |name: &str, value: &str| {
            format!("--limit\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let fields = [field("x", x), field("y", y), field("zoom", zoom)].concat();
        let head = format!(
            "{fields}--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"../a.svg\"\r\ncontent-type: image/svg+xml\r\n\r\n"
        );
        let body = [head.as_bytes(), file, b"\r\n--limit--\r\n"].concat();
        let request = self
            .client
            .post(format!("{}{path}", self.gateway))
            .body(body);
        let form = "multipart/form-data; boundary=limit";
        self.send(request.header(header::CONTENT_TYPE, form)).await
    }

    /// Signs in. Returns the path of the next page.
    async fn sign_in(&mut self, email: &str, next: &str) -> String {
        let form = [("email", email), ("password", PASSWORD), ("next", next)];
        let body = form
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('@', "%40")));
        let request = self
            .client
            .post(format!("{}/plain/session", self.gateway))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.join("&"));
        let answer = request.send().await.unwrap();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        cookie
            .split(';')
            .next()
            .unwrap()
            .clone_into(&mut self.cookie);
        answer.headers()[header::LOCATION]
            .to_str()
            .unwrap()
            .to_owned()
    }
}

async fn email(user: &User<'_>) -> String {
    let me = user.get("/api/auth/me").await.json();
    me["data"]["user"]["email"].as_str().unwrap().to_owned()
}

const CENTER: [&str; 3] = ["0.5", "0.5", "1"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn covers_of_forms_are_cropped_and_checked_file_1() {
    let app = TestApp::start().await;
    let (host, other) = (app.register("host").await, app.register("other").await);
    let id = host.publish("Jazz", 5).await;
    let cover = format!("/plain/events/{id}/cover");
    let anonymous = PlainBrowser::new(&app);
    for page in [
        anonymous.get(&cover).await,
        anonymous.upload(&cover, CENTER, b"x").await,
    ] {
        assert_eq!(page.status, 401);
        assert!(
            page.text
                .contains(&format!("name=\"next\" value=\"{cover}\"")),
            "{}",
            page.text
        );
    }
    let (mut browser, mut other_browser) = (PlainBrowser::new(&app), PlainBrowser::new(&app));
    assert_eq!(browser.sign_in(&email(&host).await, &cover).await, cover);
    for next in [
        "https://evil.example",
        "//evil.example/plain/",
        "/plain/../\\evil",
        "/login",
    ] {
        assert_eq!(
            other_browser.sign_in(&email(&other).await, next).await,
            "/plain/imports",
            "{next}"
        );
    }
    let list = browser.get("/plain/events").await;
    assert!(
        list.text.contains(&format!("href=\"{cover}\"")),
        "{}",
        list.text
    );

    // Events of other users do not exist.
    let picture = red_and_blue(400, 300);
    assert_eq!(other_browser.get(&cover).await.status, 404);
    assert_eq!(
        other_browser.upload(&cover, CENTER, &picture).await.status,
        404
    );

    // The form explains a rejection.
    for (part, file, status, text) in [
        (["NaN", "0", "1"], &*picture, 400, "Select a picture"),
        (CENTER, &[], 400, "Select a picture"),
        (
            CENTER,
            &vec![0; 10 * 1024 * 1024 + 1],
            413,
            "larger than 10 MB",
        ),
    ] {
        let page = browser.upload(&cover, part, file).await;
        assert_eq!(page.status, status, "{}", page.text);
        assert!(
            page.text.contains(text) && page.text.contains("name=\"file\""),
            "{}",
            page.text
        );
    }
    let preview = async |file: &[u8]| {
        let sent = browser.upload(&cover, ["1", "0.5", "2"], file).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let page = eventually(async || {
            let page = browser.get(&sent.location).await;
            match page.text.contains("being processed") {
                true => Err(page.text),
                false => Ok(page),
            }
        });
        (sent.location.clone(), page.await)
    };
    let (_, refused) = preview(b"<svg onload=alert(1)>").await;
    assert!(
        refused.text.contains("class=\"alert\"") && !refused.text.contains("<svg onload"),
        "{}",
        refused.text
    );

    // The derived picture shows the selected part.
    let (location, ready) = preview(&picture).await;
    assert!(ready.text.contains("Use this cover"), "{}", ready.text);
    assert_eq!(other_browser.post(&location).await.status, 404);
    assert_eq!(browser.post(&location).await.location, cover);
    let upload = location.rsplit('/').next().unwrap();
    let media = app.platform.addresses("media").unwrap().http;
    let address = format!("http://{media}/derived/event_cover/{upload}_800.jpg");
    assert!(browser.get(&cover).await.text.contains(&address));
    let jpeg = reqwest::get(address).await.unwrap().bytes().await.unwrap();
    let derived = decode(&jpeg);
    assert_eq!(derived.dimensions(), (200, 100));
    for (x, y, shown) in derived.enumerate_pixels() {
        let [red, _, blue] = shown.0;
        assert!(red < 90 && blue > 150, "{red} {blue} at {x} {y}");
    }
    app.stop().await;
}
