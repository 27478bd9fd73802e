/** The deploy whose permissions are reviewed: every kind of network and every setting that grants. */
export const REVIEWED = {
  stage: 'review',
  networks: {
    public: {},
    office: {
      vpc: {
        vpcId: 'vpc-0a1b2c3d4e5f67890',
        subnetIds: ['subnet-0a1b2c3d4e5f67890'],
        securityGroupIds: ['sg-0a1b2c3d4e5f67890'],
        gatewayEndpoints: 'existing',
        secretsAccess: 'nat',
      },
    },
  },
  secretArns: ['arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!*'],
  secretKeyArns: ['arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789'],
  'aws:cdk:enable-path-metadata': true,
};
