//! Sessions in an encrypted cookie, by actix-session.

use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::{Error, web};

async fn count(session: Session) -> Result<String, Error> {
    let seen: u32 = session.get("seen")?.unwrap_or(0);
    session.insert("seen", seen + 1)?;
    Ok(seen.to_string())
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        let sessions = SessionMiddleware::new(CookieSessionStore::default(), Key::from(&[7; 64]));
        app.service(
            web::resource("/count")
                .wrap(sessions)
                .route(web::get().to(count)),
        )
        .default_service(web::to(|| async { prices::HELLO }));
    })
}
