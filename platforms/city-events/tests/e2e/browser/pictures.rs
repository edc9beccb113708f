//! Pictures in the pages: choose, crop, upload, see (FILE-1).

use super::app::BrowserApp;

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
