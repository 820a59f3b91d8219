# Snapback in an empty image: `docker build -t snapback . && docker run --rm snapback --version`.
# The binary holds everything; certificate authorities for sslrootcert=system come from the build image.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN make static && cp "target/$(rustc -vV | sed -n 's/^host: //p')/static/snapback" /snapback

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /snapback /snapback
WORKDIR /work
ENTRYPOINT ["/snapback"]
