use seaworthy_testkit::http::request;
use serde_json::json;

use super::app::BrowserApp;
use crate::client::PASSWORD;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_verifies_email_and_resets_password() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let ada = app.register("ada");
    app.go(&ada, "/profile");
    app.wait_for_text(&ada, "Your e-mail is not verified");
    let token = app
        .mailed_token("ada@example.org", "Verify your email")
        .await;
    app.go(&ada, &format!("/verify-email?token={token}"));
    app.press(&ada, "Verify my e-mail");
    app.wait_for_text(&ada, "Your e-mail address is verified.");
    app.go(&ada, "/profile");
    app.chrome
        .wait_for(&ada, "document.querySelector('[data-unverified]').hidden");
    // A link works once.
    app.go(&ada, &format!("/verify-email?token={token}"));
    app.press(&ada, "Verify my e-mail");
    app.wait_for_text(&ada, "This link was already used or has expired.");

    let second = app.chrome.window();
    app.go(&second, "/login");
    app.press(&second, "Forgot your password?");
    // The login page has a field of the same name, so wait for the next page.
    app.wait_for_text(&second, "valid for 30 minutes");
    app.chrome.fill(&second, "email", "ada@example.org");
    app.press(&second, "Send the link");
    app.wait_for_text(&second, "If the account exists");
    let token = app
        .mailed_token("ada@example.org", "Reset your password")
        .await;
    app.go(&second, &format!("/reset-password?token={token}"));
    let another = "another long sentence";
    app.chrome.fill(&second, "new_password", another);
    app.press(&second, "Set the password");
    app.wait_for_text(&second, "The new password is set.");
    app.sign_in(&second, "ada@example.org", another);
    // A reset ends all sessions.
    app.go(&ada, "/profile");
    app.wait_for_text(&ada, "Sign in first");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_removes_and_bans_and_waitlist_moves_up() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let host = app.register("mira");
    let [ada, ben, cleo] = ["ada", "ben", "cleo"].map(|name| app.register(name));
    let event = app.publish(&host, "Supper for one", "1");
    app.join(&ada, &event, "You're in.");
    app.join(&ben, &event, "You're on the waitlist.");
    app.join(&cleo, &event, "You're on the waitlist.");

    app.go(&host, &event);
    app.press(&host, "Participants");
    app.wait_for_text(&host, "Joined on");
    app.chrome.wait_for(
        &host,
        "document.querySelectorAll('.row-card h3')[0].innerText === 'ada'",
    );
    app.press(&host, "Waitlist");
    app.chrome.wait_for(
        &host,
        "[...document.querySelectorAll('.row-card h3')].map(one => one.innerText).join() === 'ben,cleo'",
    );
    for (name, width, height, is_dark) in [
        ("people-light", 1280, 900, false),
        ("people-dark", 1280, 900, true),
        ("people-phone", 390, 844, false),
        ("people-phone-dark", 390, 844, true),
    ] {
        app.chrome.size(&host, width, height, is_dark);
        app.chrome.screenshot(&host, name);
    }
    app.chrome.size(&host, 1280, 900, false);

    // The host removes Ada. The page of Ben, who is first on the waitlist, updates by itself.
    app.press(&host, "Joined");
    app.chrome.wait_for(
        &host,
        "document.querySelectorAll('.row-card h3')[0]?.innerText === 'ada'",
    );
    app.press(&host, "Remove");
    app.chrome.screenshot(&host, "people-asks");
    app.chrome.fill(&host, "reason", "not today");
    app.press(&host, "Yes");
    app.wait_for_text(&host, "Removed.");
    app.wait_for_text(&ada, "The host removed you from this event.");
    app.wait_for_text(&ben, "You're in.");

    // The host bans Ben. Cleo moves up.
    app.chrome.wait_for(
        &host,
        "document.querySelectorAll('.row-card h3')[0]?.innerText === 'ben'",
    );
    app.press(&host, "Ban");
    app.press(&host, "Yes");
    app.wait_for_text(&host, "Banned from this event.");
    app.wait_for_text(&ben, "The host removed you from this event.");
    app.wait_for_text(&cleo, "You're in.");

    // Cleo leaves.
    app.press(&cleo, "Leave event");
    app.press(&cleo, "Yes");
    app.wait_for_text(&cleo, "You left.");
    app.chrome.wait_for(
        &cleo,
        "[...document.querySelectorAll('main button')].some(one => one.innerText === 'Join')",
    );

    // The host lifts the ban by the user ID.
    let ben_id = app.chrome.evaluate(&ben, "fetch('/api/auth/refresh', { method: 'POST' }).then(answer => answer.json()).then(answer => answer.data.user.id)");
    app.chrome.fill(&host, "user_id", ben_id.as_str().unwrap());
    app.press(&host, "Lift the ban");
    app.wait_for_text(&host, "The user can join again.");

    // Other users do not see the participants.
    app.go(&cleo, &format!("{event}/people"));
    app.wait_for_text(&cleo, "Only the host and moderators see the participants.");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_unpublishes_and_moderator_bans_host() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let host = app.register("mira");
    let event = app.publish(&host, "Withdrawn event", "5");
    let guest = app.chrome.window();
    app.go(&guest, &event);
    app.wait_for_text(&guest, "Withdrawn event");
    app.press(&host, "Unpublish");
    app.press(&host, "Yes");
    app.wait_for_text(&host, "The event is a draft again.");
    app.wait_for_text(&host, "Draft: not public");
    app.go(&guest, &event);
    app.wait_for_text(&guest, "Event not found");
    app.press(&host, "Publish");
    app.wait_for_text(&host, "Published. Everyone can see it now.");

    let moderator = app.chrome.window();
    app.sign_in(
        &moderator,
        "moderator@example.com",
        city_events_auth::SEED_PASSWORD,
    );
    app.go(&moderator, "/moderation");
    app.wait_for_text(&moderator, "Withdrawn event");
    app.press(&moderator, "Ban host");
    app.press(&moderator, "Yes");
    app.wait_for_text(&moderator, "The host is banned.");
    let body = json!({ "email": "mira@example.org", "password": PASSWORD }).to_string();
    let headers = [("content-type", "application/json")];
    let answer = request(app.gateway, "POST", "/api/auth/login", &headers, &body).unwrap();
    assert!(matches!(answer.status, 401 | 403), "{}", answer.body);
    app.go(&host, "/me/events");
    app.wait_for_text(&host, "Sign in first");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_sign_out_shows_message_auth_3() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let ada = app.register("ada");
    app.go(&ada, "/profile");
    app.wait_for_text(&ada, "ada@example.org");
    app.platform.stop().await;
    app.chrome.press(&ada, "Sign out");
    app.chrome.wait_for_text(&ada, "You are still signed in.");
}

/// Tests the fixture: waiting survives a navigation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_continues_on_the_next_page() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let window = app.chrome.window();
    app.go(&window, "/login");
    // The promise of the first page never resolves. The expression is true on the next page.
    app.chrome.wait_for(
        &window,
        "location.pathname === '/register' || (globalThis.kept = new Promise(() => location.assign('/register')))",
    );
    app.stop().await;
}
