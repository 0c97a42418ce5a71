# flyball alone: time zones and certificate authorities are in the binary. `make image` stages what is copied here, in bin/image.
FROM scratch

COPY flyball /bin/flyball
# The state: a volume that is mounted at /flyball/.flyball takes the owner of this folder. Nothing is written elsewhere.
COPY --chown=65532:65532 home /flyball
WORKDIR /flyball
VOLUME /flyball/.flyball
ENV PATH=/bin
USER 65532:65532

# The API. It listens at 127.0.0.1 unless AUTOSCALING_LISTEN, or config.api.listen, says otherwise: in a container 0.0.0.0:5001.
EXPOSE 5001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["flyball", "health"]
ENTRYPOINT ["flyball"]
CMD ["run"]

ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="flyball" \
	org.opencontainers.image.description="Scale Docker Compose and Swarm services by policies that are code" \
	org.opencontainers.image.licenses="Apache-2.0" \
	org.opencontainers.image.source="https://github.com/flyball-dev/flyball" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.revision="$REVISION" \
	org.opencontainers.image.created="$CREATED"
