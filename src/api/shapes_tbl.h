/* clang-format off */
/* shapes_tbl.h — what operations take and answer; openapi.c makes schemas of it. What this hub reads and
 * writes counts: members of AWS that it refuses or does not answer are not here. The notation: shapes.c.
 *
 *   SHAPE(Name, "...")               a schema that others refer to
 *   OP(Operation, "in", "out")       its members, wherever they travel (path, query, header, body: routes.c
 *                                    says it); "=payload" is a body that no parameter is made of. out: what a
 *                                    200 has, NULL if that is told by ANSWER
 *   ANSWER(Operation, status, "content type", "...")   an answer beside those of its plane; NULL: no body */

/* ---- names and numbers ---- */
SHAPE(ThingName, "s<1..128>~^[a-zA-Z0-9:_-]+$")
SHAPE(ThingTypeName, "s<1..128>~^[a-zA-Z0-9:_-]+$")
SHAPE(AttributeName, "s<1..128>~^[a-zA-Z0-9_.,@/:#-]+$")
SHAPE(AttributeValue, "s<0..800>~^[a-zA-Z0-9_.,@/:#=\\[\\]-]*$")
SHAPE(PolicyName, "s<1..128>~^[a-zA-Z0-9_+=,.@-]+$")
SHAPE(PolicyVersionId, "s<1..18>~^[0-9]+$")
SHAPE(PolicyDocument, "s<1..404600>")
SHAPE(CertificateId, "s<64..64>~^(0x)?[a-fA-F0-9]+$")
SHAPE(RuleName, "s<1..128>~^[a-zA-Z0-9_]+$")
SHAPE(ShadowName, "s<1..64>~^[$a-zA-Z0-9:_-]+$")
SHAPE(CredentialName, "s<1..128>~^[a-zA-Z0-9_+=,.@:-]+$")
SHAPE(PrincipalArn, "s~^arn:aws:iot:[^:]*:[^:]*:(cert|key|user|token)/.+$")
SHAPE(TargetArn, "s~^arn:aws:(iot:[^:]*:[^:]*:(cert|key|user|token|thinggroup)|iam::[^:]*:role)/.+$")
SHAPE(ThingGroupName, "s<1..128>~^[a-zA-Z0-9:_-]+$")
SHAPE(PageToken, "s<4..>~^[A-Za-z0-9+/]+={0,2}$")
SHAPE(SqlVersion, "(2015-10-08|2016-03-23|beta)")

/* ---- endpoint ---- */
OP(DescribeEndpoint, "endpointType?:(iot:Data-ATS|iot:CredentialProvider|iot:Jobs|iot:Data-Beta)",
   "endpointAddress:s")

/* ---- things ---- */
SHAPE(Attributes, "{AttributeName:AttributeValue}<0..50>")
SHAPE(AttributePayload, "attributes?:Attributes merge?:b")
SHAPE(ThingAttribute, "thingName:ThingName thingTypeName?:ThingTypeName thingArn:s attributes:Attributes "
                      "version:n<1..>")
OP(CreateThing, "thingName:ThingName thingTypeName?:ThingTypeName attributePayload?:AttributePayload",
   "thingName:ThingName thingArn:s thingId:s")
OP(DescribeThing, "thingName:ThingName",
   "defaultClientId:s thingName:ThingName thingArn:s thingId:s thingTypeName?:ThingTypeName "
   "attributes:Attributes version:n<1..>")
OP(UpdateThing, "thingName:ThingName thingTypeName?:ThingTypeName attributePayload?:AttributePayload "
                "expectedVersion?:n<0..> removeThingType?:b", "")
OP(DeleteThing, "thingName:ThingName expectedVersion?:n<0..>", "")
OP(ListThings, "nextToken?:PageToken maxResults?:n<1..250> attributeName?:s attributeValue?:s thingTypeName?:s "
               "usePrefixAttributeValue?:b", "things:[ThingAttribute] nextToken?:PageToken")
OP(AttachThingPrincipal, "thingName:ThingName principal:PrincipalArn "
                         "thingPrincipalType?:(EXCLUSIVE_THING|NON_EXCLUSIVE_THING)", "")
OP(DetachThingPrincipal, "thingName:ThingName principal:PrincipalArn", "")
OP(ListThingPrincipals, "thingName:ThingName nextToken?:PageToken maxResults?:n<1..250>",
   "principals:[PrincipalArn] nextToken?:PageToken")
OP(ListPrincipalThings, "principal:PrincipalArn nextToken?:PageToken maxResults?:n<1..250>",
   "things:[ThingName] nextToken?:PageToken")

/* ---- thing types ---- */
SHAPE(ThingTypeProperties, "thingTypeDescription?:s<0..2028> searchableAttributes?:[AttributeName]<0..3>")
SHAPE(ThingTypeMetadata, "deprecated:b deprecationDate?:t creationDate:t")
SHAPE(ThingTypeDefinition, "thingTypeName:ThingTypeName thingTypeArn:s thingTypeProperties:ThingTypeProperties "
                           "thingTypeMetadata:ThingTypeMetadata")
OP(CreateThingType, "thingTypeName:ThingTypeName thingTypeProperties?:ThingTypeProperties",
   "thingTypeName:ThingTypeName thingTypeArn:s thingTypeId:s")
OP(DescribeThingType, "thingTypeName:ThingTypeName",
   "thingTypeName:ThingTypeName thingTypeId:s thingTypeArn:s thingTypeProperties:ThingTypeProperties "
   "thingTypeMetadata:ThingTypeMetadata")
OP(ListThingTypes, "nextToken?:PageToken maxResults?:n<1..250> thingTypeName?:s",
   "thingTypes:[ThingTypeDefinition] nextToken?:PageToken")
OP(DeprecateThingType, "thingTypeName:ThingTypeName undoDeprecate?:b", "")
OP(DeleteThingType, "thingTypeName:ThingTypeName", "")

/* ---- thing groups ---- */
SHAPE(ThingGroupProperties, "thingGroupDescription?:s<0..2028> attributePayload?:AttributePayload")
SHAPE(GroupNameAndArn, "groupName:ThingGroupName groupArn:s")
SHAPE(ThingGroupMetadata, "parentGroupName?:ThingGroupName rootToParentThingGroups?:[GroupNameAndArn] creationDate:t")
OP(CreateThingGroup, "thingGroupName:ThingGroupName parentGroupName?:ThingGroupName "
                     "thingGroupProperties?:ThingGroupProperties",
   "thingGroupName:ThingGroupName thingGroupArn:s thingGroupId:s")
OP(DescribeThingGroup, "thingGroupName:ThingGroupName",
   "thingGroupName:ThingGroupName thingGroupId:s thingGroupArn:s version:n<1..> "
   "thingGroupProperties:ThingGroupProperties thingGroupMetadata:ThingGroupMetadata")
OP(UpdateThingGroup, "thingGroupName:ThingGroupName thingGroupProperties:ThingGroupProperties "
                     "expectedVersion?:n<0..>", "version:n<1..>")
OP(DeleteThingGroup, "thingGroupName:ThingGroupName expectedVersion?:n<0..>", "")
OP(ListThingGroups, "nextToken?:PageToken maxResults?:n<1..250> parentGroup?:ThingGroupName namePrefixFilter?:s "
                    "recursive?:b", "thingGroups:[GroupNameAndArn] nextToken?:PageToken")
OP(AddThingToThingGroup, "thingGroupName?:ThingGroupName thingGroupArn?:s thingName?:ThingName thingArn?:s "
                         "overrideDynamicGroups?:b", "")
OP(RemoveThingFromThingGroup, "thingGroupName?:ThingGroupName thingGroupArn?:s thingName?:ThingName thingArn?:s", "")
OP(UpdateThingGroupsForThing, "thingName:ThingName thingGroupsToAdd?:[ThingGroupName]<0..10> "
                              "thingGroupsToRemove?:[ThingGroupName]<0..10> overrideDynamicGroups?:b", "")
OP(ListThingsInThingGroup, "thingGroupName:ThingGroupName recursive?:b nextToken?:PageToken maxResults?:n<1..250>",
   "things:[ThingName] nextToken?:PageToken")
OP(ListThingGroupsForThing, "thingName:ThingName nextToken?:PageToken maxResults?:n<1..250>",
   "thingGroups:[GroupNameAndArn] nextToken?:PageToken")

/* ---- certificates ---- */
SHAPE(KeyPair, "PublicKey:s PrivateKey:s")
SHAPE(CertificateStatus, "(ACTIVE|INACTIVE|REVOKED|PENDING_ACTIVATION)")
SHAPE(NewCertificateStatus, "(ACTIVE|INACTIVE|REVOKED)")
SHAPE(CertificateMode, "(DEFAULT|SNI_ONLY)")
SHAPE(CertificateValidity, "notBefore:t notAfter:t")
SHAPE(TransferData, "")
SHAPE(CertificateDescription,
      "certificateArn:s certificateId:CertificateId caCertificateId?:s status:CertificateStatus certificatePem:s "
      "ownedBy:s creationDate:t lastModifiedDate:t customerVersion:n<1..> transferData:TransferData "
      "generationId:s validity:CertificateValidity certificateMode:CertificateMode")
SHAPE(Certificate, "certificateArn:s certificateId:CertificateId status:CertificateStatus "
                   "certificateMode:CertificateMode creationDate:t")
OP(CreateKeysAndCertificate, "setAsActive?:b",
   "certificateArn:s certificateId:CertificateId certificatePem:s keyPair:KeyPair")
OP(CreateCertificateFromCsr, "setAsActive?:b certificateSigningRequest:s<1..>",
   "certificateArn:s certificateId:CertificateId certificatePem:s")
OP(RegisterCertificate, "certificatePem:s<1..65536> caCertificatePem?:s<1..65536> setAsActive?:b "
                        "status?:NewCertificateStatus", "certificateArn:s certificateId:CertificateId")
OP(RegisterCertificateWithoutCA, "certificatePem:s<1..65536> status?:NewCertificateStatus",
   "certificateArn:s certificateId:CertificateId")
OP(DescribeCertificate, "certificateId:CertificateId", "certificateDescription:CertificateDescription")
OP(ListCertificates, "pageSize?:n<1..250> marker?:PageToken ascendingOrder?:b",
   "certificates:[Certificate] nextMarker?:PageToken")
OP(ListCertificatesByCA, "caCertificateId:CertificateId pageSize?:n<1..250> marker?:PageToken ascendingOrder?:b",
   "certificates:[Certificate] nextMarker?:PageToken")
OP(UpdateCertificate, "certificateId:CertificateId newStatus:NewCertificateStatus", "")
OP(DeleteCertificate, "certificateId:CertificateId forceDelete?:b", "")

/* ---- authorities ---- */
SHAPE(CaStatus, "(ACTIVE|INACTIVE)")
SHAPE(AutoRegistrationStatus, "(ENABLE|DISABLE)")
SHAPE(RegistrationConfig, "templateBody?:s<0..10240> templateName?:s<1..36>~^[0-9A-Za-z_-]+$ roleArn?:s<20..2048>")
SHAPE(CaDescription,
      "certificateArn:s certificateId:CertificateId status:CaStatus certificatePem:s ownedBy:s creationDate:t "
      "autoRegistrationStatus:AutoRegistrationStatus lastModifiedDate:t customerVersion:n<1..> generationId:s "
      "validity:CertificateValidity certificateMode:CertificateMode")
SHAPE(CaCertificate, "certificateArn:s certificateId:CertificateId status:CaStatus creationDate:t")
SHAPE(Revoked, "serialNumber:s revocationDate:t")
#define REVOCATION_LIST \
    "caCertificateId:CertificateId crlNumber?:s thisUpdate:t nextUpdate?:t overdue:b uploadDate:t entryCount:n<0..>"
OP(GetRegistrationCode, "", "registrationCode:s<64..64>")
OP(DeleteRegistrationCode, "", "")
OP(RegisterCACertificate, "caCertificate:s<1..65536> verificationCertificate?:s<1..65536> setAsActive?:b "
                          "allowAutoRegistration?:b registrationConfig?:RegistrationConfig "
                          "certificateMode?:CertificateMode", "certificateArn:s certificateId:CertificateId")
OP(DescribeCACertificate, "caCertificateId:CertificateId",
   "certificateDescription:CaDescription registrationConfig?:RegistrationConfig")
OP(ListCACertificates, "pageSize?:n<1..250> marker?:PageToken ascendingOrder?:b templateName?:s",
   "certificates:[CaCertificate] nextMarker?:PageToken")
OP(UpdateCACertificate, "caCertificateId:CertificateId newStatus?:CaStatus "
                        "newAutoRegistrationStatus?:AutoRegistrationStatus registrationConfig?:RegistrationConfig "
                        "removeAutoRegistration?:b", "")
OP(DeleteCACertificate, "caCertificateId:CertificateId", "")
OP(PutCertificateRevocationList, "caCertificateId:CertificateId crlPem:s<1..>", REVOCATION_LIST " revokedCount:n<0..>")
OP(GetCertificateRevocationList, "caCertificateId:CertificateId nextToken?:PageToken maxResults?:n<1..1000>",
   REVOCATION_LIST " revoked:[Revoked] nextToken?:PageToken")
#undef REVOCATION_LIST
OP(DeleteCertificateRevocationList, "caCertificateId:CertificateId", "")
/* ---- provisioning ---- */
SHAPE(TemplateName, "s<1..36>~^[0-9A-Za-z_-]+$")
SHAPE(TemplateDescription, "s<0..500>")
SHAPE(TemplateBody, "s<0..10240>")
SHAPE(TemplateType, "(FLEET_PROVISIONING|JITP)")
SHAPE(ProvisioningRoleArn, "s<20..2048>")
SHAPE(ProvisioningHook, "targetArn:s~^https?://.+$ payloadVersion?:(2020-04-01)")
SHAPE(TemplateSummary, "templateArn:s templateName:TemplateName description?:TemplateDescription creationDate:t "
                       "lastModifiedDate:t enabled:b type:TemplateType")
SHAPE(TemplateVersion, "versionId:n<1..> creationDate:t isDefaultVersion:b")
SHAPE(TemplateParameters, "{s}")
SHAPE(ResourceArns, "{s}")
OP(RegisterThing, "templateBody:TemplateBody parameters?:TemplateParameters",
   "certificatePem:s resourceArns:ResourceArns")
OP(CreateProvisioningTemplate,
   "templateName:TemplateName templateBody:TemplateBody provisioningRoleArn:ProvisioningRoleArn "
   "description?:TemplateDescription enabled?:b preProvisioningHook?:ProvisioningHook type?:TemplateType",
   "templateArn:s templateName:TemplateName defaultVersionId:n<1..>")
OP(DescribeProvisioningTemplate, "templateName:TemplateName",
   "templateArn:s templateName:TemplateName description?:TemplateDescription creationDate:t lastModifiedDate:t "
   "defaultVersionId:n<1..> templateBody:TemplateBody enabled:b provisioningRoleArn:ProvisioningRoleArn "
   "preProvisioningHook?:ProvisioningHook type:TemplateType")
OP(UpdateProvisioningTemplate,
   "templateName:TemplateName description?:TemplateDescription enabled?:b defaultVersionId?:n<1..> "
   "provisioningRoleArn?:ProvisioningRoleArn preProvisioningHook?:ProvisioningHook removePreProvisioningHook?:b", "")
OP(DeleteProvisioningTemplate, "templateName:TemplateName", "")
OP(ListProvisioningTemplates, "nextToken?:PageToken maxResults?:n<1..250>",
   "templates:[TemplateSummary] nextToken?:PageToken")
OP(CreateProvisioningTemplateVersion, "templateName:TemplateName templateBody:TemplateBody setAsDefault?:b",
   "templateArn:s templateName:TemplateName versionId:n<1..> isDefaultVersion:b")
OP(DescribeProvisioningTemplateVersion, "templateName:TemplateName versionId:n<1..>",
   "versionId:n<1..> creationDate:t templateBody:TemplateBody isDefaultVersion:b")
OP(ListProvisioningTemplateVersions, "templateName:TemplateName nextToken?:PageToken maxResults?:n<1..250>",
   "versions:[TemplateVersion] nextToken?:PageToken")
OP(DeleteProvisioningTemplateVersion, "templateName:TemplateName versionId:n<1..>", "")
OP(CreateProvisioningClaim, "templateName:TemplateName",
   "certificateId:CertificateId certificatePem:s keyPair:KeyPair expiration:t")

/* ---- policies ---- */
SHAPE(Policy, "policyName:PolicyName policyArn:s")
SHAPE(PolicyVersion, "versionId:PolicyVersionId isDefaultVersion:b createDate:t")
OP(CreatePolicy, "policyName:PolicyName policyDocument:PolicyDocument",
   "policyName:PolicyName policyArn:s policyDocument:PolicyDocument policyVersionId:PolicyVersionId")
OP(GetPolicy, "policyName:PolicyName",
   "policyName:PolicyName policyArn:s policyDocument:PolicyDocument defaultVersionId:PolicyVersionId "
   "creationDate:t lastModifiedDate:t generationId:s")
OP(ListPolicies, "pageSize?:n<1..250> marker?:PageToken ascendingOrder?:b",
   "policies:[Policy] nextMarker?:PageToken")
OP(DeletePolicy, "policyName:PolicyName", "")
OP(CreatePolicyVersion, "policyName:PolicyName setAsDefault?:b policyDocument:PolicyDocument",
   "policyArn:s policyDocument:PolicyDocument policyVersionId:PolicyVersionId isDefaultVersion:b")
OP(GetPolicyVersion, "policyName:PolicyName policyVersionId:PolicyVersionId",
   "policyArn:s policyName:PolicyName policyDocument:PolicyDocument policyVersionId:PolicyVersionId "
   "isDefaultVersion:b creationDate:t lastModifiedDate:t generationId:s")
OP(ListPolicyVersions, "policyName:PolicyName", "policyVersions:[PolicyVersion]")
OP(SetDefaultPolicyVersion, "policyName:PolicyName policyVersionId:PolicyVersionId", "")
OP(DeletePolicyVersion, "policyName:PolicyName policyVersionId:PolicyVersionId", "")
OP(AttachPolicy, "policyName:PolicyName target:TargetArn", "")
OP(DetachPolicy, "policyName:PolicyName target:TargetArn", "")
OP(ListAttachedPolicies, "target:TargetArn recursive?:b marker?:PageToken pageSize?:n<1..250>",
   "policies:[Policy] nextMarker?:PageToken")
OP(ListTargetsForPolicy, "policyName:PolicyName marker?:PageToken pageSize?:n<1..250>",
   "targets:[TargetArn] nextMarker?:PageToken")
OP(AttachPrincipalPolicy, "policyName:PolicyName principal:PrincipalArn", "")
OP(DetachPrincipalPolicy, "policyName:PolicyName principal:PrincipalArn", "")
OP(ListPrincipalPolicies, "principal:PrincipalArn pageSize?:n<1..250> marker?:PageToken ascendingOrder?:b",
   "policies:[Policy] nextMarker?:PageToken")
OP(ListPolicyPrincipals, "policyName:PolicyName pageSize?:n<1..250> marker?:PageToken ascendingOrder?:b",
   "principals:[PrincipalArn] nextMarker?:PageToken")
SHAPE(EffectivePolicy, "policyName:PolicyName policyArn:s policyDocument:PolicyDocument")
OP(GetEffectivePolicies, "thingName?:ThingName principal?:PrincipalArn", "effectivePolicies:[EffectivePolicy]")
SHAPE(AuthInfo, "actionType:(PUBLISH|SUBSCRIBE|RECEIVE|CONNECT) resources:[s<1..2048>]<1..100>")
SHAPE(PolicyList, "policies:[Policy]")
SHAPE(DeniedBy, "implicitDeny:PolicyList explicitDeny:PolicyList")
SHAPE(AuthResult, "authInfo:AuthInfo allowed:PolicyList denied:DeniedBy "
                  "authDecision:(ALLOWED|EXPLICIT_DENY|IMPLICIT_DENY) missingContextValues:[s]")
OP(TestAuthorization, "clientId?:s principal?:s authInfos:[AuthInfo]<1..10> policyNamesToAdd?:[PolicyName]<0..100> "
                      "policyNamesToSkip?:[PolicyName]<0..100>", "authResults:[AuthResult]")

/* ---- role aliases ---- */
SHAPE(RoleAlias, "s<1..128>~^[a-zA-Z0-9_=,@-]+$")
SHAPE(RoleArn, "s<20..2048>")
SHAPE(CredentialDurationSeconds, "n<900..43200>")
SHAPE(RoleAliasDescription, "roleAlias:RoleAlias roleAliasArn:s roleArn:RoleArn owner:s "
                            "credentialDurationSeconds:CredentialDurationSeconds creationDate:t lastModifiedDate:t")
SHAPE(TemporaryKey, "accessKeyId:s secretAccessKey:s sessionToken:s expiration:s")
OP(CreateRoleAlias, "roleAlias:RoleAlias roleArn:RoleArn credentialDurationSeconds?:CredentialDurationSeconds",
   "roleAlias:RoleAlias roleAliasArn:s")
OP(DescribeRoleAlias, "roleAlias:RoleAlias", "roleAliasDescription:RoleAliasDescription")
OP(UpdateRoleAlias, "roleAlias:RoleAlias roleArn?:RoleArn credentialDurationSeconds?:CredentialDurationSeconds",
   "roleAlias:RoleAlias roleAliasArn:s")
OP(DeleteRoleAlias, "roleAlias:RoleAlias", "")
OP(ListRoleAliases, "pageSize?:n<1..250> marker?:PageToken ascendingOrder?:b",
   "roleAliases:[RoleAlias] nextMarker?:PageToken")
OP(AssumeRoleWithCertificate, "roleAlias:RoleAlias thingName?:ThingName", "credentials:TemporaryKey")

/* ---- rules ---- */
SHAPE(UserProperty, "key:s<0..1024> value:s<0..1024>")
SHAPE(MqttHeaders, "payloadFormatIndicator?:s<0..1024> contentType?:s<0..1024> responseTopic?:s<0..1024> "
                   "correlationData?:s<0..1024> messageExpiry?:s<0..1024> userProperties?:[UserProperty]<1..100>")
SHAPE(RepublishAction, "roleArn?:s<0..2048> topic:s<1..65535> qos?:n<0..1> headers?:MqttHeaders")
SHAPE(HttpHeader, "key:s<1..1024> value:s<0..1024>")
SHAPE(HttpAction, "url:s<1..2000> headers?:[HttpHeader]<0..100>")
SHAPE(FileAction, "path:s<1..1024> maxBytes?:n<256..1099511627776> maxFiles?:n<1..100>")
SHAPE(Action, "republish?:RepublishAction http?:HttpAction file?:FileAction <1..1>")
SHAPE(TopicRulePayload, "sql:s description?:s actions:[Action]<0..10> ruleDisabled?:b "
                        "awsIotSqlVersion?:SqlVersion errorAction?:Action")
SHAPE(TopicRule, "ruleName:RuleName sql:s description?:s createdAt:t actions:[Action]<0..10> ruleDisabled:b "
                 "awsIotSqlVersion?:SqlVersion errorAction?:Action")
SHAPE(TopicRuleListItem, "ruleArn:s ruleName:RuleName topicPattern?:s createdAt:t ruleDisabled:b")
OP(CreateTopicRule, "ruleName:RuleName tags?:s<0..0> topicRulePayload:TopicRulePayload", "")
OP(ReplaceTopicRule, "ruleName:RuleName topicRulePayload:TopicRulePayload", "")
OP(GetTopicRule, "ruleName:RuleName", "ruleArn:s rule:TopicRule")
OP(ListTopicRules, "topic?:s nextToken?:PageToken maxResults?:n<1..10000> ruleDisabled?:b",
   "rules:[TopicRuleListItem] nextToken?:PageToken")
OP(EnableTopicRule, "ruleName:RuleName", "")
OP(DisableTopicRule, "ruleName:RuleName", "")
OP(DeleteTopicRule, "ruleName:RuleName", "")

/* ---- messages ---- */
SHAPE(RetainedMessageSummary, "topic:s payloadSize:n<0..> qos:n<0..2> lastModifiedTime:n<0..>")
OP(Connect, "", NULL)
ANSWER(Connect, 101, NULL, NULL)
ANSWER(Connect, 426, "application/json", "DataError")
OP(ConnectAtRoot, "", NULL)
ANSWER(ConnectAtRoot, 101, NULL, NULL)
ANSWER(ConnectAtRoot, 426, "application/json", "DataError")
OP(Subscribe, "filter:[s<1..65535>]<1..100> retained?:b", NULL)
ANSWER(Subscribe, 200, "text/event-stream", "s")
OP(Publish, "topic:s<1..65535> qos?:n<0..1> retain?:b contentType?:s responseTopic?:s<1..65535> "
            "messageExpiry?:n<0..604800> userProperties?:x payloadFormatIndicator?:(UNSPECIFIED_BYTES|UTF8_DATA) "
            "correlationData?:x =payload?:y", "message:s traceId:s")
OP(GetRetainedMessage, "topic:s<1..65535>",
   "topic:s payload:x qos:n<0..2> lastModifiedTime:n<0..> userProperties?:x")
OP(ListRetainedMessages, "nextToken?:PageToken maxResults?:n<1..200>",
   "retainedTopics:[RetainedMessageSummary] nextToken?:PageToken")

/* ---- shadows ---- */
SHAPE(ShadowState, "desired?:o reported?:o delta?:o")
SHAPE(ShadowMetadata, "desired?:o reported?:o")
SHAPE(ShadowDocument, "state:ShadowState metadata:ShadowMetadata version:n<1..> timestamp:n<0..> clientToken?:s")
SHAPE(ShadowChange, "desired?:o? reported?:o? !")
SHAPE(ShadowUpdate, "state:ShadowChange? version?:n clientToken?:s<0..256>")
SHAPE(ShadowAccepted, "state:ShadowChange? metadata:v version:n<1..> timestamp:n<0..> clientToken?:s<0..256>")
OP(GetThingShadow, "thingName:ThingName shadowName?:ShadowName", "ShadowDocument")
OP(UpdateThingShadow, "thingName:ThingName shadowName?:ShadowName =payload:ShadowUpdate", "ShadowAccepted")
OP(DeleteThingShadow, "thingName:ThingName shadowName?:ShadowName",
   "version:n<1..> timestamp:n<0..> clientToken?:s")
OP(ListNamedShadowsForThing, "thingName:ThingName nextToken?:PageToken pageSize?:n<1..100>",
   "results:[ShadowName] nextToken?:PageToken timestamp:n<0..>")

/* ---- credentials ---- */
SHAPE(CredentialStatus, "(ACTIVE|INACTIVE)")
SHAPE(AccessKey, "accessKeyId:s name?:s arn:s admin:b status:CredentialStatus creationDate:t")
SHAPE(Token, "tokenId:s name?:s arn:s admin:b status:CredentialStatus creationDate:t expirationDate?:t")
SHAPE(User, "userName:CredentialName arn:s admin:b status:CredentialStatus creationDate:t")
SHAPE(ImportedUser, "userName:s passwordHash:s")
SHAPE(RefusedUser, "userName:s<0..> reason:s")
OP(CreateAccessKey, "name?:s<0..128> policyName?:PolicyName admin?:b",
   "accessKeyId:s secretAccessKey:s arn:s")
OP(ListAccessKeys, "", "accessKeys:[AccessKey]")
OP(UpdateAccessKey, "accessKeyId:CredentialName status:CredentialStatus", "")
OP(DeleteAccessKey, "accessKeyId:CredentialName", "")
OP(CreateToken, "name?:s<0..128> policyName?:PolicyName admin?:b expiresInSeconds?:n<0..3153600000>",
   "tokenId:s token:s arn:s")
OP(ListTokens, "", "tokens:[Token]")
OP(UpdateToken, "tokenId:CredentialName status:CredentialStatus", "")
OP(DeleteToken, "tokenId:CredentialName", "")
OP(PutUser, "userName:CredentialName password?:s passwordHash?:s policyName?:PolicyName",
   "userName:CredentialName arn:s")
OP(ImportUsers, "users:[ImportedUser] update?:b policyName?:PolicyName", "added:n<0..> updated:n<0..> refused:[RefusedUser]")
OP(UpdateUser, "userName:CredentialName status:CredentialStatus", "")
OP(ListUsers, "", "users:[User]")
OP(DeleteUser, "userName:CredentialName", "")

/* ---- the hub ---- */
SHAPE(Subscription, "filter:s qos:n<0..2> noLocal?:b retainAsPublished?:b retainHandling?:n<1..2> "
                    "subscriptionIdentifier?:n<1..268435455>")
#define SESSION \
    "clientId:s connected:b persistent:b principal:s sourceIp?:s protocolLevel?:n<3..5> " \
    "protocolVersion?:(3.1|3.1.1|5.0) keepAlive?:n<0..65535> sessionExpiry?:n<0..> willDelay?:n<0..> willAt?:t " \
    "connectedAt?:t disconnectedAt?:t lastSeenAt?:t expiresAt?:t queued:n<0..> queuedBytes:n<0..> " \
    "inFlight:n<0..> subscriptionCount:n<0..>"
SHAPE(Session, SESSION)
SHAPE(RetainedTopic, "topic:s payloadSize:n<0..> qos:n<0..2> publishedAt?:t")
SHAPE(Denial, "time:t firstTime:t count:n<1..> kind:(denied|suppressed|credential|handshake|fight) principal?:s "
              "clientId?:s thingName?:s sourceIp?:s action?:s resource?:s reason?:s closest?:s change?:s")
SHAPE(StoreStatus, "failing:b failure?:s committed:n<0..> pending:n<0..>")
OP(TestTopicRule, "sql:s topic:s payload?:v payloadBase64?:x awsIotSqlVersion?:SqlVersion",
   "fired:b output?:v outputBase64?:x")
OP(ListSessions, "clientIdPrefix?:s connected?:b nextToken?:PageToken maxResults?:n<1..1000>",
   "sessions:[Session] nextToken?:PageToken")
OP(GetSession, "clientId:s<1..>", SESSION " subscriptions:[Subscription]")
#undef SESSION
OP(DeleteSession, "clientId:s<1..>", "")
OP(ListRetained, "filter?:s<1..65535> nextToken?:PageToken maxResults?:n<1..1000>",
   "retained:[RetainedTopic] nextToken?:PageToken")
OP(PurgeRetained, "filter:s<1..65535> dryRun?:b", "dryRun:b count:n<0..> truncated:b topics:[s]<0..1000>")
OP(ListDenials, "clientId?:s thingName?:s sourceIp?:s nextToken?:PageToken maxResults?:n<1..1000>", "denials:[Denial] nextToken?:PageToken")
OP(ExplainAuthorization, "principal:s<1..> action:s<1..> resource:s<1..> clientId?:s context?:o",
   "decision:(allowed|implicitDeny|explicitDeny) reason:s policyName?:PolicyName statement?:n<0..> sid?:s closest?:s "
   "change?:s missingContextValues:[s]")
OP(GetStatus, "",
   "version:s hostName:s dataDir?:s uptimeSeconds:n<0..> ready:b store:StoreStatus connections:n<0..> "
   "mqttClients:n<0..> sessions:n<0..> subscriptions:n<0..> retained:n<0..> messagesReceived:n<0..> "
   "messagesSent:n<0..> messagesDropped:n<0..> denials:n<0..> authFailures:n<0..> rules:n<0..> "
   "httpRequests:n<0..>")

/* ---- health ---- */
SHAPE(Health, "status:s message?:s")
OP(Live, "", "Health")
OP(Ready, "", "Health")
ANSWER(Ready, 503, "application/json", "Health")
OP(Health, "", "Health")
ANSWER(Health, 503, "application/json", "Health")
OP(Metrics, "", NULL)
ANSWER(Metrics, 200, "text/plain", "s")
OP(OpenApi, "", "o")
ANSWER(OpenApi, 304, NULL, NULL)

/* ---- errors ---- */
SHAPE(Error, "message:s resourceId?:s resourceArn?:s")
SHAPE(DataError, "message:s traceId:s")
