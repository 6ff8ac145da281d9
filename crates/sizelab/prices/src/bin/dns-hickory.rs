//! The addresses of a name, by hickory-resolver.

use actix_web::{HttpRequest, HttpResponse, web};
use hickory_resolver::TokioResolver;

async fn resolve(request: HttpRequest) -> HttpResponse {
    let resolver = TokioResolver::builder_tokio().and_then(|builder| builder.build());
    let Ok(resolver) = resolver else {
        return HttpResponse::Ok().body("no resolv.conf");
    };
    match resolver.lookup_ip(request.query_string()).await {
        Ok(found) => HttpResponse::Ok().body(format!("{:?}", found.iter().next())),
        Err(error) => HttpResponse::Ok().body(error.to_string()),
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        app.default_service(web::to(resolve));
    })
}
