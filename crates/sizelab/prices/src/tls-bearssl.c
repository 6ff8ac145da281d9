/* A connection that a server unpacks TLS 1.2 on, by ECDHE_ECDSA with AES-128 in GCM. */
#include <stdlib.h>
#include <unistd.h>

#include "bearssl.h"

struct tls {
	br_ssl_server_context server;
	br_sslio_context io;
	br_skey_decoder_context key;
	br_x509_certificate certificate;
	int socket;
	unsigned char buffer[BR_SSL_BUFSIZE_MONO];
};

static int from_socket(void *socket, unsigned char *data, size_t length)
{
	ssize_t got = read(*(int *)socket, data, length);
	return got > 0 ? (int)got : -1;
}

static int to_socket(void *socket, const unsigned char *data, size_t length)
{
	ssize_t put = write(*(int *)socket, data, length);
	return put > 0 ? (int)put : -1;
}

/* Both in DER; they have to outlive the connection. */
struct tls *tls_new(int socket, unsigned char *certificate, size_t certificate_length,
	const unsigned char *key, size_t key_length)
{
	struct tls *tls = malloc(sizeof *tls);
	const br_ec_private_key *ec;

	if (tls == NULL)
		return NULL;
	tls->socket = socket;
	tls->certificate.data = certificate;
	tls->certificate.data_len = certificate_length;
	br_skey_decoder_init(&tls->key);
	br_skey_decoder_push(&tls->key, key, key_length);
	ec = br_skey_decoder_get_ec(&tls->key);
	if (ec == NULL) {
		free(tls);
		return NULL;
	}
	br_ssl_server_init_minf2g(&tls->server, &tls->certificate, 1, ec);
	br_ssl_engine_set_buffer(&tls->server.eng, tls->buffer, sizeof tls->buffer, 0);
	br_ssl_server_reset(&tls->server);
	br_sslio_init(&tls->io, &tls->server.eng, from_socket, &tls->socket, to_socket, &tls->socket);
	return tls;
}

int tls_read(struct tls *tls, unsigned char *data, size_t length)
{
	return br_sslio_read(&tls->io, data, length);
}

int tls_write(struct tls *tls, const unsigned char *data, size_t length)
{
	return br_sslio_write(&tls->io, data, length);
}

int tls_flush(struct tls *tls)
{
	return br_sslio_flush(&tls->io);
}

void tls_free(struct tls *tls)
{
	br_sslio_close(&tls->io);
	free(tls);
}
