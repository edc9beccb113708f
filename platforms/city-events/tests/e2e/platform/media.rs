//! Pictures of users and events, through the gateway (FILE-1).

use std::{
    io::Cursor,
    path::{Path, PathBuf},
    time::Duration,
};

use image::{ImageFormat, ImageReader, Rgb, RgbImage};
use serde_json::{Value, json};

use seaworthy::data::sql;

use crate::{
    app::TestApp,
    client::{Client, sign_token},
    eventually::eventually,
};

/// A picture, larger than all derived ones.
fn png(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_pixel(width, height, Rgb([40, 120, 200]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn put(address: &str, body: Vec<u8>) -> u16 {
    let request = reqwest::Client::new().put(address).body(body);
    let sent = request.header("content-type", "image/png").send().await;
    sent.unwrap().status().as_u16()
}

/// Uploads a file and returns its ID with the final status.
pub(crate) async fn upload(user: &Client<'_>, purpose: &str, file: Vec<u8>) -> (String, Value) {
    let body = json!({ "purpose": purpose });
    let asked = user
        .send("POST", "/api/media/request-upload", Some(body))
        .await;
    assert_eq!(asked.status, 200, "{asked:?}");
    let asked = asked.json();
    let id = asked["upload_id"].as_str().unwrap().to_owned();
    assert_eq!(asked["object_key"], format!("raw/{id}.bin"));
    assert!(asked["expires_at"].is_string());
    let complete = json!({ "upload_id": id });
    let early = user
        .send("POST", "/api/media/complete", Some(complete.clone()))
        .await;
    assert_eq!(
        (early.status, early.json()),
        (400, json!({ "error": "file not uploaded yet" }))
    );
    assert_eq!(
        put(asked["presigned_url"].as_str().unwrap(), file).await,
        200
    );
    let completed = user
        .send("POST", "/api/media/complete", Some(complete))
        .await;
    assert_eq!(
        (completed.status, completed.json()),
        (200, json!({ "status": "PROCESSING" }))
    );
    for _ in 0..600 {
        let status = user.get(&format!("/api/media/{id}/status")).await.json();
        if ["READY", "FAILED"].contains(&status["status"].as_str().unwrap()) {
            return (id, status);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the upload {id} has no final status");
}

fn count_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let count = |path: PathBuf| match path.is_dir() {
        true => count_files(&path),
        false => 1,
    };
    entries.map(|entry| count(entry.unwrap().path())).sum()
}

async fn create_event(host: &Client<'_>, covers: &[&str]) -> String {
    let event = json!({
        "title": "Jazz", "description": "Music", "city": "Berlin", "category": "Music",
        "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z",
        "capacity": 5, "cover_image_ids": covers,
    });
    let created = host.send("POST", "/api/events", Some(event)).await.json();
    created["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn covers_go_with_their_event_file_1() {
    let app = TestApp::start().await;
    let (host, other) = (app.register("host").await, app.register("other").await);
    let picture = async || upload(&host, "event_cover", png(900, 600)).await.0;
    let (first, second, shared) = (picture().await, picture().await, picture().await);
    let is_stored = async |id: &str| {
        let status = host.get(&format!("/api/media/{id}/status")).await.status;
        status == 200
    };
    let disappears = async |id: &str| {
        eventually(async || match is_stored(id).await {
            true => Err(format!("the picture {id} is stored")),
            false => Ok(()),
        })
        .await;
    };
    let event = create_event(&host, &[&first, &shared]).await;
    let keeper = create_event(&host, &[&shared]).await;
    let thief = create_event(&other, &[&second]).await;
    // A cover of another user stays.
    let cancel = format!("/api/events/{thief}/cancel-event");
    let canceled = other.send("POST", &cancel, Some(json!({}))).await;
    assert_eq!(canceled.status, 200, "{canceled:?}");
    // A replaced cover goes.
    let change = json!({ "cover_image_ids": [second, shared] });
    let changed = host
        .send("PATCH", &format!("/api/events/{event}"), Some(change))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    disappears(&first).await;
    assert!(is_stored(&second).await);
    // The covers of a canceled event go, except those of other events.
    let canceled = host
        .post(&format!("/api/events/{event}/cancel-event"))
        .await;
    assert_eq!(canceled.status, 200, "{canceled:?}");
    disappears(&second).await;
    assert!(is_stored(&shared).await);
    host.post(&format!("/api/events/{keeper}/cancel-event"))
        .await;
    disappears(&shared).await;
    // The objects were deleted, and the sweeper removes the rows.
    let files =
        |bucket: &str| count_files(&app.directory().join("media").join(bucket).join("objects"));
    eventually(async || match (files("raw"), files("public")) {
        (0, 0) => Ok(()),
        left => Err(left),
    })
    .await;
    let database = app.database("media.db").await;
    sql("UPDATE uploads SET changed_us = changed_us - 86400000000")
        .execute(&database)
        .await
        .unwrap();
    let admin = app.platform.addresses("media").unwrap().admin;
    let sweep = format!("http://{admin}/workers/sweep%20uploads/run");
    let sweep = reqwest::Client::new().post(sweep);
    let swept = sweep.header("x-admin-request", "1").send().await.unwrap();
    assert!(swept.status().is_success(), "{swept:?}");
    eventually(async || {
        let (rows,): (i64,) = sql("SELECT COUNT(*) FROM uploads")
            .fetch_one(&database)
            .await
            .unwrap();
        if rows == 0 { Ok(()) } else { Err(rows) }
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploaded_pictures_are_derived_and_served_file_1() {
    let app = TestApp::start().await;
    let (host, other) = (app.register("host").await, app.register("other").await);
    let (cover, status) = upload(&host, "event_cover", png(2000, 1000)).await;
    assert_eq!(status["status"], "READY", "{status}");
    for (size, height) in [("800", 400), ("1600", 800)] {
        let address = status["derived_urls"][size].as_str().unwrap();
        assert!(address.ends_with(&format!("/derived/event_cover/{cover}_{size}.jpg")));
        let answer = reqwest::get(address).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let jpeg = answer.bytes().await.unwrap();
        let reader = ImageReader::with_format(Cursor::new(jpeg), ImageFormat::Jpeg);
        assert_eq!(
            reader.into_dimensions().unwrap(),
            (size.parse().unwrap(), height)
        );
    }
    // Pages of all origins that the gateway allows may upload.
    let media = app.platform.addresses("media").unwrap().http;
    for origin in ["http://localhost:3000", "http://127.0.0.1:8080"] {
        let file = format!("http://{media}/media/files/raw/{cover}.bin");
        let preflight = reqwest::Client::new()
            .request(reqwest::Method::OPTIONS, file)
            .header("origin", origin)
            .header("access-control-request-method", "PUT");
        let allowed = preflight.send().await.unwrap();
        assert_eq!(allowed.headers()["access-control-allow-origin"], origin);
    }
    // The event page shows the cover.
    let event = json!({
        "title": "Jazz", "description": "Music", "city": "Berlin", "category": "Music",
        "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z",
        "capacity": 5, "cover_image_ids": [cover],
    });
    let created = host.send("POST", "/api/events", Some(event)).await.json();
    let id = created["id"].as_str().unwrap().to_owned();
    host.send(
        "POST",
        &format!("/api/events/{id}/publish"),
        Some(json!({})),
    )
    .await;
    let page = app.anonymous().get(&format!("/events/{id}")).await;
    assert!(
        page.text
            .contains(&format!("/derived/event_cover/{cover}_1600.jpg"))
    );

    // A new avatar removes the previous one.
    let (first, status) = upload(&host, "avatar", png(300, 900)).await;
    let old = status["derived_urls"]["256"].as_str().unwrap().to_owned();
    assert_eq!(reqwest::get(&old).await.unwrap().status(), 200);
    let (second, _) = upload(&host, "avatar", png(900, 300)).await;
    for avatar in [&first, &first, &second] {
        let body = json!({ "avatar_url": avatar });
        let set = host.send("PATCH", "/api/auth/me/avatar", Some(body)).await;
        assert_eq!(set.status, 200, "{set:?}");
    }
    let shown = host.get("/api/auth/me").await.json()["data"]["user"]["avatar_url"].clone();
    assert_eq!(
        reqwest::get(shown.as_str().unwrap())
            .await
            .unwrap()
            .status(),
        200
    );
    let mut status = 200;
    for _ in 0..600 {
        status = reqwest::get(&old).await.unwrap().status().as_u16();
        if status == 404 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status, 404, "the previous picture still exists");

    // Files that are not pictures, and uploads of others.
    let (_, status) = upload(&other, "avatar", b"GIF89a<script>".to_vec()).await;
    assert_eq!(status["status"], "FAILED");
    assert!(status["derived_urls"].is_null());
    let error = status["error"].as_str().unwrap();
    assert!(error.contains("use JPEG, PNG or WebP"), "{error}");
    let foreign = json!({ "upload_id": cover });
    let foreign = other
        .send("POST", "/api/media/complete", Some(foreign))
        .await;
    assert_eq!(foreign.status, 403, "{foreign:?}");
    let none = app
        .anonymous()
        .send("POST", "/api/media/complete", Some(json!({})))
        .await;
    assert_eq!(none.status, 401, "{none:?}");
    let wrong = json!({ "purpose": "passport" });
    let wrong = host
        .send("POST", "/api/media/request-upload", Some(wrong))
        .await;
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let token = sign_token(&app.jwt_secret(), "HS256", "not-a-uuid");
    let avatar = json!({ "purpose": "avatar" });
    let nameless = app.with_token(token);
    let nameless = nameless
        .send("POST", "/api/media/request-upload", Some(avatar))
        .await;
    assert_eq!(nameless.status, 400, "{nameless:?}");
    let unknown = host
        .get("/api/media/00000000-0000-4000-8000-000000000009/status")
        .await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
    app.stop().await;
}
