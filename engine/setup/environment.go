package setup

// EnvFileName is what the file of flyball's settings is called, in the folder of policies.
const EnvFileName = ".env.autoscaling"

// Environment is .env.autoscaling: the settings that one changes without a review.
const Environment = `# Settings of flyball. Variables of the environment win over these, and these over flyball.cue.

# Whether autoscaling is on when flyball starts for the first time. After that the last flyball enable or disable counts.
AUTOSCALING_ENABLED=false

# debug, info, warn or error
AUTOSCALING_LOG_LEVEL=info

# MAX_TOTAL_REPLICAS=20
# MIN_AVAILABLE_MEMORY_MB=512

# Who is told what happens.
# SCALING_NOTIFICATIONS_ENABLED=true
# SCALING_WEBHOOK_URL=https://hooks.example.com/flyball
`
