//! Pictures in the pages: choose, crop, upload, see (FILE-1).

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::app::BrowserApp;
use crate::{client::PASSWORD, pictures};

/// Puts a drawn picture into the file field, as a user who selects a file does.
const CHOOSE: &str = "(async () => {
    const canvas = new OffscreenCanvas(1200, 900);
    const context = canvas.getContext('2d');
    context.fillStyle = '#c22';
    context.fillRect(0, 0, 600, 900);
    context.fillStyle = '#22c';
    context.fillRect(600, 0, 600, 900);
    const blob = await canvas.convertToBlob({ type: 'image/png' });
    const files = new DataTransfer();
    files.items.add(new File([blob], '../evil.svg', { type: 'image/svg+xml' }));
    const input = document.querySelector('[data-file]');
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
})()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_crops_cover_and_avatar_and_sees_them_file_1() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let host = app.register("mira");
    app.go(&host, "/new");
    for (field, text) in [
        ("title", "Red and blue"),
        ("description", "Something happens."),
        ("city", "Berlin"),
        ("category", "Art"),
        ("capacity", "5"),
    ] {
        app.chrome.fill(&host, field, text);
    }
    app.chrome.evaluate(&host, CHOOSE);
    app.chrome
        .wait_for(&host, "!document.querySelector('.picture-crop').hidden");
    // Zoomed in and moved to the left, the picture is red only.
    app.chrome.evaluate(
        &host,
        "(() => {
            const zoom = document.querySelector('[data-zoom]');
            zoom.value = '4';
            zoom.dispatchEvent(new Event('input', { bubbles: true }));
            const canvas = document.querySelector('.picture-crop');
            for (let press = 0; press < 100; press += 1)
                canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }));
        })()",
    );
    app.chrome.screenshot(&host, "cover-crop");
    app.press(&host, "Publish");
    app.wait_for_text(&host, "This is your event.");
    app.chrome.wait_for(
        &host,
        "document.querySelector('.banner img.art')?.naturalWidth === 1600",
    );
    app.chrome.screenshot(&host, "cover");
    let is_red = app.chrome.evaluate(
        &host,
        "(async () => {
            const answer = await fetch(document.querySelector('.banner img.art').src);
            const bitmap = await createImageBitmap(await answer.blob());
            const context = new OffscreenCanvas(1600, 800).getContext('2d');
            context.drawImage(bitmap, 0, 0);
            return [10, 800, 1590].every((x) => {
                const [red, , blue] = context.getImageData(x, 400, 1, 1).data;
                return red > 150 && blue < 90;
            });
        })()",
    );
    assert_eq!(is_red, true);
    // The card shows it too.
    app.go(&host, "/me/events");
    app.chrome.wait_for(
        &host,
        "document.querySelector('.card-art img.art')?.src.endsWith('_800.jpg')",
    );

    app.go(&host, "/profile");
    app.chrome
        .wait_for(&host, "!!document.querySelector('[data-picture=avatar]')");
    app.chrome.evaluate(&host, CHOOSE);
    app.chrome
        .wait_for(&host, "!document.querySelector('.picture-crop').hidden");
    app.press(&host, "Save the picture");
    app.wait_for_text(&host, "Your picture is saved.");
    app.go(&host, "/profile");
    app.chrome.wait_for(
        &host,
        "document.querySelector('.picture-shown')?.naturalWidth === 512",
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_crops_cover_without_script_file_1() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let scripted = app.register("mira");
    let event = app.publish(&scripted, "Red and blue", "5");
    let host = app.chrome.window();
    app.chrome.disable_scripts(&host);
    app.go_plain(&host, "/me/events");
    app.press(&host, "Set a cover without JavaScript");
    app.chrome.fill(&host, "email", "mira@example.org");
    app.chrome.fill(&host, "password", PASSWORD);
    app.press(&host, "Sign in");
    app.press(&host, "Red and blue");
    app.wait_for_text(&host, "Upload the picture");
    let picture = STANDARD.encode(pictures::red_and_blue(3200, 2400));
    app.chrome.evaluate(
        &host,
        &format!(
            "(() => {{
                const bytes = Uint8Array.from(atob('{picture}'), (letter) => letter.charCodeAt(0));
                const files = new DataTransfer();
                files.items.add(new File([bytes], '../evil.svg', {{ type: 'image/svg+xml' }}));
                document.querySelector('input[type=file]').files = files.files;
            }})()"
        ),
    );
    // The left half of this part is red.
    app.chrome.fill(&host, "x", "0");
    app.chrome.fill(&host, "zoom", "2");
    app.press(&host, "Upload the picture");
    app.press(&host, "Use this cover");
    app.chrome.wait_for(
        &host,
        "document.querySelector('img.art')?.alt === 'The cover of the event' && document.querySelector('img.art').naturalWidth === 800",
    );
    app.chrome.screenshot(&host, "cover-plain");
    let script_ran = "document.documentElement.classList.contains('scripted')";
    assert_eq!(app.chrome.evaluate(&host, script_ran), false);
    // Everyone sees it on the page of the event.
    app.go_plain(&host, &event);
    app.chrome.wait_for(
        &host,
        "document.querySelector('.banner img.art')?.naturalWidth === 1600",
    );
    let address = "document.querySelector('.banner img.art').src";
    let address = app.chrome.evaluate(&host, address);
    let cover = reqwest::get(address.as_str().unwrap()).await.unwrap();
    let cover = pictures::decode(&cover.bytes().await.unwrap());
    assert_eq!(cover.dimensions(), (1600, 800));
    for x in [10, 800, 1590] {
        let [red, _, blue] = cover.get_pixel(x, 400).0;
        assert!(red > 150 && blue < 90, "{red} {blue} at {x}");
    }
    app.stop().await;
}
