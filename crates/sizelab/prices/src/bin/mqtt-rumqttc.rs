//! Telling a broker of each request by MQTT, with rumqttc.

use std::time::Duration;

use actix_web::{HttpRequest, rt, web};
use rumqttc::{AsyncClient, MqttOptions, QoS};

async fn tell(request: HttpRequest, client: web::Data<AsyncClient>) -> &'static str {
    let path = request.path().to_owned();
    match client.publish("asked", QoS::AtMostOnce, false, path).await {
        Ok(()) => prices::HELLO,
        Err(_) => "no broker",
    }
}

fn main() -> std::io::Result<()> {
    prices::run(|app| {
        let options = MqttOptions::new("device", "127.0.0.1", 1883);
        let (client, mut events) = AsyncClient::new(options, 10);
        rt::spawn(async move {
            while events.poll().await.is_err() {
                rt::time::sleep(Duration::from_secs(5)).await;
            }
        });
        app.app_data(web::Data::new(client))
            .default_service(web::to(tell));
    })
}
